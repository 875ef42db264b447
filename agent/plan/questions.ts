import type { Entry } from "./entry.ts";
import { joinPath, LAYOUT, parentPath } from "./layout.ts";
import type { Question } from "./observation.ts";

/** The writable trees that outlive the boot, as paths inside the root. */
export interface OwnTrees {
  /** The node's state directory, where it has one. */
  readonly state?: string;
  /** The mounted local disk, where there is one. */
  readonly localDisk?: string;
}

/** Which trees there are to look at. */
export interface Trees extends OwnTrees {
  /** Mounted litetree sources, in priority order. */
  readonly sources: readonly string[];
}

/** Everything the plan needs to know about the trees, asked at once so that it can be looked up side by side. */
export function questions(entries: readonly Entry[], trees: Trees): Question[] {
  const walked = directoriesToWalk(entries);
  const asked: Question[] = [];
  for (const entry of entries) {
    const real = isLinkedTo(entry);
    for (const tree of trees.sources) {
      asked.push({ tree, path: entry.path, names: entry.directory || walked.has(entry.path), real });
    }
    asked.push({ tree: "/", path: joinPath(LAYOUT.defaults, entry.path), names: false, real });
    const own = ownTree(entry, trees);
    if (own !== undefined) asked.push({ tree: own, path: entry.path, names: false, real });
  }
  const rows = new Set(entries.map((entry) => entry.path));
  for (const path of walked) {
    if (rows.has(path)) continue;
    for (const tree of trees.sources) asked.push({ tree, path, names: true, real: false });
  }
  return asked;
}

/** Whether a symlink leads to the content where it lies: links on its way there would lead elsewhere on the node. */
function isLinkedTo({ option }: Entry): boolean {
  return option === "link,ro" || option === "link,persistent";
}

/** The writable tree that outlives the boot, for the options that have one. */
export function ownTree(entry: Entry, trees: OwnTrees): string | undefined {
  if (entry.option === "persistent" || entry.option === "link,persistent") return trees.state;
  return entry.option === "localdisk" ? trees.localDisk : undefined;
}

/**
 * The directories whose names decide rule 3: each entry that has entries below it, and the directories
 * between the two, which hold either only what leads there or something of their own.
 */
function directoriesToWalk(entries: readonly Entry[]): Set<string> {
  const paths = new Set(entries.map((entry) => entry.path));
  const walked = new Set<string>();
  for (const { path } of entries) {
    const chain: string[] = [];
    for (let up = parentPath(path); up !== "/"; up = parentPath(up)) {
      chain.push(up);
      if (!paths.has(up)) continue;
      for (const directory of chain) walked.add(directory);
      chain.length = 0;
    }
  }
  return walked;
}
