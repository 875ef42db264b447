import { promises as fs } from "node:fs";
import { fatal } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { isBelow, joinPath, normalPath } from "../plan/layout.ts";
import { type ArgumentSpec, type Arguments, UsageError } from "./arguments.ts";

/** Directories of this system in place of what a node mounts. */
export interface StandIns {
  readonly root: string;
  readonly exports: readonly StandIn[];
  readonly state?: string;
  readonly localDisk?: string;
}

/** A local directory in place of a server's, with all that is below it. */
interface StandIn {
  readonly server: string;
  readonly directory: string;
  readonly local: string;
}

export const STAND_IN_ARGUMENTS: ArgumentSpec = {
  once: ["root", "state", "localdisk"],
  many: ["source"],
  flags: [],
};

/** `--root`, `--source`, `--state` and `--localdisk`, all of them directories. @throws UsageError, BootError */
export async function readStandIns(args: Arguments): Promise<StandIns> {
  const [state, localDisk] = [args.value("state"), args.value("localdisk")];
  const exports = args.values("source").map(splitSource);
  const directories = [args.required("root"), ...exports.map(({ local }) => local), state, localDisk];
  for (const directory of directories) if (directory !== undefined) await mustBeDirectory(directory);
  return {
    root: await fs.realpath(args.required("root")),
    exports,
    ...(state !== undefined && { state: await fs.realpath(state) }),
    ...(localDisk !== undefined && { localDisk: await fs.realpath(localDisk) }),
  };
}

/** The local directory for one of a server's: that of the nearest directory above it that has a stand-in. */
export function standInFor(
  { exports }: Pick<StandIns, "exports">,
  wanted: { readonly server: string; readonly directory: string },
): string | undefined {
  const path = normalPath(wanted.directory);
  let nearest: StandIn | undefined;
  for (const candidate of exports) {
    const { server, directory } = candidate;
    if (server !== wanted.server || (path !== directory && !isBelow(path, directory))) continue;
    if (nearest === undefined || directory.length > nearest.directory.length) nearest = candidate;
  }
  return nearest && joinPath(nearest.local, path.slice(nearest.directory.length));
}

/** Why a path cannot be used as a directory; undefined where it can. */
export async function whyNoDirectory(path: string): Promise<string | undefined> {
  try {
    return (await fs.stat(path)).isDirectory() ? undefined : "it is no directory";
  } catch (error) {
    return errorReason(error);
  }
}

function splitSource(text: string): StandIn {
  const [, server, directory, local] = /^([^/=]+):(\/[^=]*)=(.+)$/s.exec(text) ?? [];
  if (server === undefined || directory === undefined || local === undefined)
    throw new UsageError(`--source ${text}: SERVER:/DIR=LOCALDIR was expected`);
  return { server, directory: normalPath(directory), local };
}

async function mustBeDirectory(path: string): Promise<void> {
  const found = await whyNoDirectory(path);
  if (found === undefined) return;
  throw fatal("directory-given", {
    doing: "read the arguments",
    on: path,
    found,
    remedy: "give the path of a directory that is there",
  });
}
