import { parseCommandLine } from "../../agent/cmdline/parse.ts";
import { openContext } from "../../agent/commands/open-context.ts";
import { bind } from "../../agent/effects/bind.ts";
import { BootError, type Problem } from "../../agent/errors.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MS, O } from "../../agent/kernel/constants.ts";
import { KernelThreads } from "../../agent/kernel/threads.ts";
import { type MountSource, mountSources } from "../../agent/mounts/sources.ts";
import { mountVolatile, withMountpoint } from "../../agent/mounts/volatile.ts";
import { fdPath, Root } from "../../agent/observe/root.ts";
import { planEntries } from "../../agent/phases/5-plan.ts";
import { applyPlan } from "../../agent/phases/6-apply.ts";
import { verifyRoot } from "../../agent/phases/7-verify.ts";
import { LAYOUT, stateDirectory } from "../../agent/plan/layout.ts";
import type { Plan } from "../../agent/plan/plan.ts";
import { stopOn } from "../../agent/problems.ts";
import { reportSchema } from "../../agent/report/schema.ts";
import type { Queried } from "../../agent/state.ts";
import type { LitefileRow, LitetreeRow } from "../../agent/xcat/tables.ts";

/** A litetree source: its row, and the local directory that stands in for the server's. */
export interface LocalSource {
  readonly row: LitetreeRow;
  /** Absent for a directory of the image itself. */
  readonly directory?: string;
}

/** What the agent is given: a mounted image, tables, and local directories in place of NFS. */
export interface BootSpec {
  readonly root: string;
  readonly rows: readonly LitefileRow[];
  readonly sources: readonly LocalSource[];
  readonly state?: string;
  readonly localDisk?: string;
  /** Happens between the plan and the placing. */
  readonly planned?: () => void;
  /** Happens between the placing and the verification. */
  readonly meanwhile?: () => void;
  /** `statelite.*` words of the kernel command line. */
  readonly settings: string;
}

/** What came of it. */
export interface Boot {
  /** Absent where the boot ended before there was one. */
  readonly plan: Plan | undefined;
  /** Everything that was found wrong, in order. */
  readonly problems: readonly Problem[];
  /** The problems that ended it; empty where the real init would have been started. */
  readonly ended: readonly Problem[];
  readonly log: readonly string[];
  /** Sums of the report. */
  readonly totals: { readonly bytes: number; readonly files: number };
}

/** System calls are made in place: a test may change how they are made. */
class InPlace extends KernelThreads {
  override readonly calls = directCalls;
}

/** The agent's own phases from its tmpfs to the verification, but for the network. */
export async function boot(spec: BootSpec): Promise<Boot> {
  const lines: string[] = [];
  const opened = await openContext((line) => lines.push(line));
  const context = { ...opened, threads: new InPlace(0) };
  context.log.setVerbose(true);
  const root = new Root(spec.root, directCalls);
  let plan: Plan | undefined;
  let ended: readonly Problem[] = [];
  try {
    const planned = await planEntries.run(await query(spec, root, context), context);
    plan = planned.plan;
    spec.planned?.();
    const applied = await applyPlan.run(planned, context);
    spec.meanwhile?.();
    await verifyRoot.run(applied, context);
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    ended = error.problems;
  } finally {
    await root.close();
  }
  // What a boot leaves is what the schema says, whatever became of it.
  reportSchema.parse(JSON.parse(JSON.stringify(context.report.build(ended.length === 0))));
  const others = ended.filter((problem) => !context.report.problems.includes(problem));
  const { totals } = context.report.build(true);
  return { plan, problems: [...context.report.problems, ...others], ended, log: lines, totals };
}

async function query(
  spec: BootSpec,
  root: Root,
  { log, report }: Awaited<ReturnType<typeof openContext>>,
): Promise<Queried> {
  const parsed = parseCommandLine(`XCAT=127.0.0.1:3001 NODE=n01 ${spec.settings}`, { root: "mounted" });
  if (!parsed.ok) throw new BootError(parsed.problems);
  await mountVolatile(root, directCalls);
  const show = (directory: string, path: string, readonly: boolean) =>
    bind(root, directCalls, directory, { tree: "/", path }, { readonly, follow: false });
  const state = spec.state === undefined ? undefined : stateDirectory("n01");
  if (state !== undefined && spec.state !== undefined) {
    const directory = spec.state;
    await withMountpoint(root, directCalls, state, () => show(directory, state, false));
  }
  if (spec.localDisk !== undefined) await show(spec.localDisk, LAYOUT.localDisk, false);
  const litetree = spec.sources.map(({ row }) => row);
  const mountSource: MountSource = async (row, tree, target) => {
    const directory = spec.sources.find((source) => source.row === row)?.directory;
    if (directory === undefined) throw new Error("the server has no such directory");
    await directCalls.mount(directory, fdPath(target), "", MS.BIND, "");
    await root.with({ tree: "/", path: tree }, O.PATH | O.NOFOLLOW, (mounted) =>
      directCalls.mount("", fdPath(mounted), "", MS.BIND | MS.REMOUNT | MS.RDONLY, ""),
    );
  };
  const { sources, problems } = await mountSources(litetree, root, directCalls, mountSource, log);
  report.problem(...problems);
  stopOn(problems, (problem) => problem.class === "fatal");
  return {
    options: parsed.options,
    names: { lookup: () => Promise.resolve([]), reverse: () => Promise.resolve(undefined) },
    node: "n01",
    trust: { mode: "insecure" },
    ...{ root, sources, mountSource },
    tables: { node: "n01", litefile: spec.rows, litetree },
    ...(state !== undefined && { state }),
    ...(spec.localDisk !== undefined && { localDisk: LAYOUT.localDisk }),
  };
}
