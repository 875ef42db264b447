import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import type { BootOptions } from "../cmdline/options.ts";
import { parseCommandLine } from "../cmdline/parse.ts";
import { BootError, fatal } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { nodeName } from "../network/node-name.ts";
import { Resolver } from "../network/resolver.ts";
import type { Names } from "../state.ts";
import { CA_FILE, readTrust } from "../trust.ts";
import type { Trust } from "../xcat/certificate.ts";
import { type ArgumentSpec, type Arguments, UsageError } from "./arguments.ts";

/** What `apply` and `plan` are told: a root that somebody else mounted, and local stand-ins for NFS. */

export const GIVEN_ROOT_ARGUMENTS: ArgumentSpec = {
  once: ["root", "cmdline", "ca", "state", "localdisk"],
  many: ["source"],
  flags: [],
};

/** Directories of this system. */
export interface StandIns {
  readonly root: string;
  /** By `server:/dir`. */
  readonly sources: ReadonlyMap<string, string>;
  readonly state?: string;
  readonly localDisk?: string;
}

export interface GivenRoot extends StandIns {
  readonly options: BootOptions;
  readonly node: string | undefined;
  readonly names: Names;
  readonly trust: Trust;
}

/** `--root`, `--source`, `--state` and `--localdisk`, all of them directories. @throws UsageError, BootError */
export async function readStandIns(args: Arguments): Promise<StandIns> {
  const [state, localDisk] = [args.value("state"), args.value("localdisk")];
  const sources = new Map(args.values("source").map(splitSource));
  const directories = [args.required("root"), ...sources.values(), state, localDisk];
  for (const directory of directories) if (directory !== undefined) await mustBeDirectory(directory);
  return {
    root: await fs.realpath(args.required("root")),
    sources,
    ...(state !== undefined && { state: await fs.realpath(state) }),
    ...(localDisk !== undefined && { localDisk: await fs.realpath(localDisk) }),
  };
}

/** Reads and checks the arguments. @throws UsageError, BootError */
export async function readGivenRoot(args: Arguments, log: Log): Promise<GivenRoot> {
  const standIns = await readStandIns(args);
  const parsed = parseCommandLine(args.required("cmdline"), { root: "mounted" });
  for (const note of parsed.notes) log.problem(note);
  if (!parsed.ok) throw new BootError(parsed.problems);
  const { options } = parsed;
  const names = await systemNames(options, log);
  return {
    ...standIns,
    options,
    names,
    node: await nodeName(options.node, hostname(), () => Promise.resolve(undefined)),
    trust: await readTrust(options.settings.tls, args.value("ca") ?? CA_FILE),
  };
}

function splitSource(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at <= 0 || !text.slice(0, at).includes(":/") || at === text.length - 1) {
    throw new UsageError(`--source ${text}: SERVER:/DIR=LOCALDIR was expected`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

async function mustBeDirectory(path: string): Promise<void> {
  let found = "is no directory";
  try {
    if ((await fs.stat(path)).isDirectory()) return;
  } catch (error) {
    found = errorReason(error);
  }
  throw fatal("directory-given", {
    doing: "read the arguments",
    on: path,
    found,
    remedy: "give the path of a directory that is there",
  });
}

/** Names by the name servers of this system's resolv.conf(5). */
async function systemNames(options: BootOptions, log: Log): Promise<Names> {
  const text = await fs.readFile("/etc/resolv.conf", "utf8").catch(() => ""); // None: addresses still work.
  const words = (key: string) =>
    text.split("\n").flatMap((line) => (line.startsWith(`${key} `) ? line.trim().split(/\s+/).slice(1) : []));
  const nameservers = [...options.network.nameservers, ...words("nameserver")];
  return new Resolver({ nameservers, search: words("search"), timeout: options.settings.dnsTimeout, log });
}
