import { promises as fs } from "node:fs";
import { prepareRoot } from "../boot.ts";
import type { BootContext } from "../context.ts";
import { bind } from "../effects/bind.ts";
import { fatal, formatProblem } from "../errors.ts";
import { problemsOf } from "../failure/unforeseen.ts";
import { O } from "../kernel/constants.ts";
import { allowManyFiles } from "../kernel/process.ts";
import { openLogFile } from "../log-file.ts";
import { MONITOR_GRACE } from "../monitor/monitor.ts";
import type { NfsContext } from "../mounts/nfs.ts";
import { NfsServers } from "../mounts/nfs-probe.ts";
import { type MountSource, nfsSources } from "../mounts/sources.ts";
import { mountState } from "../mounts/state.ts";
import { mountVolatile, withMountpoint } from "../mounts/volatile.ts";
import { peakMemory } from "../observe/memory.ts";
import { fdPath, Root } from "../observe/root.ts";
import { baseName, LAYOUT, stateDirectory } from "../plan/layout.ts";
import { tellable } from "../problems.ts";
import { toJson } from "../report/json.ts";
import type { Rooted } from "../state.ts";
import { tellBooted, tellFailed } from "../syslog/outcome.ts";
import { startRemoteLog } from "../syslog/start.ts";
import { CA_FILE } from "../trust.ts";
import type { ReportTarget } from "../xcat/send-report.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { GIVEN_ROOT_ARGUMENTS, type GivenRoot, readGivenRoot } from "./given-root.ts";
import { openContext } from "./open-context.ts";
import { standInFor } from "./stand-ins.ts";

export const APPLY_HELP = `usage: statelite-agent apply --root DIR --cmdline STRING [OPTION]...

Prepares a root that somebody else has mounted, as an initrd of another make does: asks the server for the
tables, plans, places every entry, verifies. What it mounts lies below DIR.

  --root DIR               the image, mounted read-only
  --cmdline STRING         the node's kernel command line, e.g. "$(cat /proc/cmdline)"
  --ca FILE                the CA certificate by which the server is trusted; ${CA_FILE} where not given
  --source SERVER:/DIR=LOCALDIR
                           LOCALDIR is mounted in place of a server's directory, or one below it; may be given
                           several times
  --state LOCALDIR         is mounted in place of the node's state directory
  --localdisk LOCALDIR     is mounted in place of its local disk

Exit status: 0 the boot may go on, 1 it must not, 2 the arguments are not understood.
`;

/**
 * From the query to the verification, on a root that is mounted already.
 * @returns 0, or 1 where the boot must not go on; the report has the problems of either
 */
export async function runApply(args: readonly string[]): Promise<number> {
  const context = openContext((line) => console.log(line));
  const { log, report, threads } = context;
  allowManyFiles();
  let root: Root | undefined;
  let to: string | undefined;
  try {
    const given = await readGivenRoot(parseArguments(args, GIVEN_ROOT_ARGUMENTS), log);
    to = given.options.settings.report;
    startRemoteLog(given.options, given.node ?? "-", given.names, context.remoteLog);
    log.setVerbose(given.options.debug > 0);
    report.identify({ node: given.node, image: given.root });
    context.delivery.begin(reportsOf(given));
    context.monitor.begin(given.options, given.names);
    root = new Root(given.root, threads.calls);
    await mountVolatile(root, threads.calls);
    log.follow(openLogFile(root));
    await prepareRoot(await rooted(given, root, context), context);
    await leaveReport(context, root, true, to);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const problems = problemsOf(error, log);
    for (const problem of problems) console.error(formatProblem(tellable(problem)));
    for (const problem of problems) if (!report.problems.includes(problem)) log.record(problem);
    report.problem(...problems.filter((problem) => !report.problems.includes(problem)));
    context.monitor.tell("failed");
    await leaveReport(context, root, false, to);
    return 1;
  } finally {
    await root?.close();
    threads.close();
  }
}

function reportsOf({ options, trust, names, node }: GivenRoot): ReportTarget {
  const resolve = (host: string) => names.lookup(host);
  return { servers: options.servers, trust, resolve, ...(node !== undefined && { node }) };
}

/** Local stand-ins where they are given, NFS where they are not. */
async function rooted(given: GivenRoot, root: Root, { threads, log }: BootContext): Promise<Rooted> {
  const { options, node, names, trust } = given;
  const { calls } = threads;
  const nfs: NfsContext = { calls, log, servers: new NfsServers(), resolve: (host) => names.lookup(host) };
  const overNfs = nfsSources(nfs, options.settings.sourceTimeout);
  const mountSource: MountSource = (row, tree, target) => {
    const local = standInFor(given, row);
    if (local === undefined) return overNfs(row, tree, target);
    return bind(root, calls, local, { tree: "/", path: tree }, { readonly: true, follow: false });
  };
  const state = await stateFor(given, root, nfs);
  if (given.localDisk !== undefined) {
    const at = { tree: "/", path: LAYOUT.localDisk };
    await bind(root, calls, given.localDisk, at, { readonly: false, follow: true });
  }
  return {
    ...{ options, node, names, trust, root, mountSource },
    mountState: async (told, name) => {
      await mountState(told, name, root, nfs, options.settings.mountTimeout);
      return stateDirectory(name);
    },
    ...(state !== undefined && { state }),
    ...(given.localDisk !== undefined && { localDisk: LAYOUT.localDisk }),
  };
}

/** The node's state directory inside the root, once something is mounted there. */
async function stateFor(given: GivenRoot, root: Root, nfs: NfsContext): Promise<string | undefined> {
  const { node, options, state } = given;
  if (state === undefined && options.state === undefined) return undefined;
  if (node === undefined) {
    throw fatal("node-name", {
      doing: "find the node's name",
      on: "the command line and the host name",
      found: "neither gives one, and the persistent area needs one",
      remedy: "put NODE=<name> into --cmdline",
    });
  }
  const directory = stateDirectory(node);
  if (state !== undefined) {
    await withMountpoint(root, nfs.calls, directory, () =>
      bind(root, nfs.calls, state, { tree: "/", path: directory }, { readonly: false, follow: false }),
    );
  } else if (options.state !== undefined) {
    await mountState(options.state, node, root, nfs, options.settings.mountTimeout);
  }
  return directory;
}

async function leaveReport(
  context: BootContext,
  root: Root | undefined,
  ok: boolean,
  to: string | undefined,
) {
  const report = context.report.build(ok, peakMemory());
  const text = toJson(report);
  // Without its tmpfs there is no place in the root that is ours to write to.
  if (root !== undefined) await writeReport(root, `${text}\n`).catch(() => undefined);
  const { remoteLog, monitor } = context;
  const told = ok ? tellBooted(remoteLog, report.totals, context.now()) : tellFailed(remoteLog, text);
  const known = monitor.settle(ok ? MONITOR_GRACE.handOver : MONITOR_GRACE.failure);
  await Promise.all([told, known, context.delivery.deliver(text, to)]);
}

/** In the root whatever its rows have placed: no symlink leads to where this system itself would be written to. */
async function writeReport(root: Root, text: string): Promise<void> {
  await root.with({ tree: "/", path: LAYOUT.statelite }, O.DIRECTORY | O.NOFOLLOW, async (fd) => {
    const flags = O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW | O.CLOEXEC;
    const file = await fs.open(fdPath(fd, baseName(LAYOUT.report)), flags, 0o644);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  });
}
