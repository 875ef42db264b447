import type { Problem } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { MS } from "../kernel/constants.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { fdPath, type Root } from "../observe/root.ts";
import type { Source } from "../plan/candidate.ts";
import { joinPath, parentPath, sourceDirectory } from "../plan/layout.ts";
import { type Need, type Needed, takeNeed } from "../plan/severity.ts";
import type { LitetreeRow } from "../xcat/tables.ts";
import { mountNfs, type NfsContext } from "./nfs.ts";
import { withMountpoint } from "./volatile.ts";

/** Mounts one source read-only at `tree`, of which `target` is a descriptor. @throws Error that says why not */
export type MountSource = (row: LitetreeRow, tree: string, target: number) => Promise<void>;

/** Sources by NFS, as their rows' mount options say. @param timeout seconds for each */
export function nfsSources(nfs: NfsContext, timeout: number): MountSource {
  return async ({ server, directory, mountOptions }, _tree, target) => {
    const options = readWords(mountOptions)?.words ?? [];
    const place = { servers: [server], directories: [directory], target: fdPath(target) };
    await mountNfs({ ...place, options, flags: MS.RDONLY | MS.NODEV, timeout }, nfs);
  };
}

export interface MountedSources {
  /** In priority order, the ones that could not be mounted included. */
  readonly sources: readonly Source[];
  readonly problems: readonly Problem[];
}

/** A row and where it goes; `unusable` where it cannot be a source at all. */
interface Wanted {
  readonly row: LitetreeRow;
  readonly tree: string;
  readonly name: string;
  readonly unusable?: string;
  readonly need?: Need;
}

/** Reads the rows: several rows of one directory are one source, the first one's place counts. */
export function wantedSources(rows: readonly LitetreeRow[]): Wanted[] {
  const trees = new Map<string, Wanted>();
  for (const row of rows) {
    const tree =
      row.server === "" ? joinPath("/", row.directory) : sourceDirectory(row.server, row.directory);
    const unusable = whyUnusable(row);
    const name = row.server === "" ? `${row.directory} of the image` : `${row.server}:${row.directory}`;
    const need = readWords(row.mountOptions)?.need;
    const rest = { ...(unusable !== undefined && { unusable }), ...(need !== undefined && { need }) };
    if (!trees.has(tree)) trees.set(tree, { row, tree, name, ...rest });
  }
  return [...trees.values()];
}

/** The agent's own words among the mount options are not for the kernel. */
function readWords(mountOptions: string): Needed | undefined {
  return takeNeed(mountOptions.split(",").filter((word) => word !== ""));
}

function whyUnusable({ server, directory, mountOptions }: LitetreeRow): string | undefined {
  if (directory === "")
    return "it names no directory; a variable of the litetree row may be unknown to the server";
  if (!directory.startsWith("/")) return "its directory is relative, an absolute one was wanted";
  if (directory.split("/").includes("..")) return 'its directory contains ".."';
  if (server === "." || server === ".." || server.includes("/")) return `"${server}" is no host name`;
  if (readWords(mountOptions) === undefined) return 'its mount options say both "required" and "optional"';
  return undefined;
}

/**
 * Mounts all sources, side by side but for those that lie inside another one. A source that cannot be
 * mounted becomes a problem, and the entries that need it become problems of their own.
 */
export async function mountSources(
  rows: readonly LitetreeRow[],
  root: Root,
  calls: KernelCalls,
  mount: MountSource,
  log: Log,
): Promise<MountedSources> {
  const wanted = wantedSources(rows);
  const reasons = new Map<string, string>();
  for (const level of levels(wanted)) {
    await Promise.all(
      level.map(async (source) => {
        try {
          if (source.unusable !== undefined) throw new Error(source.unusable);
          if (source.row.server === "") return;
          await withMountpoint(root, calls, source.tree, (target) => mount(source.row, source.tree, target));
          log.detail(`mount ${source.name} on ${source.tree}`);
        } catch (error) {
          reasons.set(source.tree, errorReason(error));
        }
      }),
    );
  }
  const sources = wanted.map(({ tree, name }): Source => {
    const unavailable = reasons.get(tree);
    return unavailable === undefined ? { tree, name } : { tree, name, unavailable };
  });
  const problems = wanted.flatMap((source) => problemOf(source, reasons.get(source.tree)));
  return { sources, problems };
}

/** Sources by how many of the others they lie in: a mount must be there before one is put inside it. */
function levels(wanted: readonly Wanted[]): Wanted[][] {
  const trees = new Set(wanted.map(({ tree }) => tree));
  const found: Wanted[][] = [];
  for (const source of wanted) {
    let depth = 0;
    for (let up = source.tree; up !== "/"; ) {
      up = parentPath(up);
      if (trees.has(up)) depth++;
    }
    while (found.length <= depth) found.push([]);
    found[depth]?.push(source);
  }
  return found;
}

/** Of a source that is required the boot has need; one that is optional may be away. */
function problemOf({ name, need }: Wanted, unavailable: string | undefined): Problem[] {
  if (unavailable === undefined) return [];
  const remedy = "correct its row in the litetree table, or export the directory to this node read-only";
  return [
    {
      class: need === "required" ? "fatal" : need === "optional" ? "note" : "source",
      code: "source-mount",
      doing: "mount a litetree source",
      on: name,
      found: unavailable,
      remedy,
    },
  ];
}
