import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import type { BootOptions } from "../cmdline/options.ts";
import { parseCommandLine } from "../cmdline/parse.ts";
import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { nodeName } from "../network/node-name.ts";
import { Resolver } from "../network/resolver.ts";
import type { Names } from "../state.ts";
import { CA_FILE, readTrust } from "../trust.ts";
import type { Trust } from "../xcat/trust.ts";
import type { ArgumentSpec, Arguments } from "./arguments.ts";
import { readStandIns, STAND_IN_ARGUMENTS, type StandIns } from "./stand-ins.ts";

/** What `apply` and `plan` are told: a root that somebody else mounted, and local stand-ins for NFS. */

export const GIVEN_ROOT_ARGUMENTS: ArgumentSpec = {
  ...STAND_IN_ARGUMENTS,
  once: [...STAND_IN_ARGUMENTS.once, "cmdline", "ca"],
};

export interface GivenRoot extends StandIns {
  readonly options: BootOptions;
  readonly node: string | undefined;
  readonly names: Names;
  readonly trust: Trust;
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

/** Names by the name servers of this system's resolv.conf(5). */
async function systemNames(options: BootOptions, log: Log): Promise<Names> {
  const text = await fs.readFile("/etc/resolv.conf", "utf8").catch(() => ""); // None: addresses still work.
  const words = (key: string) =>
    text.split("\n").flatMap((line) => (line.startsWith(`${key} `) ? line.trim().split(/\s+/).slice(1) : []));
  const nameservers = [...options.network.nameservers, ...words("nameserver")];
  return new Resolver({ nameservers, search: words("search"), timeout: options.settings.dnsTimeout, log });
}
