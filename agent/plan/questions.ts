import type { Entry } from "./entry.ts";
import { mergeMark, type OwnTrees, ownTree, wholeMark } from "./kept.ts";
import { joinPath, LAYOUT, parentPath } from "./layout.ts";
import type { Question } from "./observation.ts";

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
  }
  const rows = new Set(entries.map((entry) => entry.path));
  for (const path of walked) {
    if (rows.has(path)) continue;
    for (const tree of trees.sources) asked.push({ tree, path, names: true, real: false });
  }
  return [
    ...asked,
    ...ownQuestions(entries, walked, trees.state, trees),
    ...ownQuestions(entries, walked, trees.localDisk, trees),
  ];
}

/** What is kept in one tree, and whether it is more than directories on the way to other entries. */
function ownQuestions(
  all: readonly Entry[],
  walked: ReadonlySet<string>,
  tree: string | undefined,
  trees: OwnTrees,
): Question[] {
  if (tree === undefined) return [];
  const entries = all.filter((entry) => ownTree(entry, trees) === tree);
  const asked = entries.flatMap((entry): Question[] => {
    const location = { tree, path: entry.path };
    const [isParent, plain] = [walked.has(entry.path), { names: false, real: false }];
    return [
      { ...location, names: isParent, real: isLinkedTo(entry), toBeMade: true },
      ...(entry.directory ? [{ ...mergeMark(location), ...plain }] : []),
      ...(isParent ? [{ ...wholeMark(location), ...plain }] : []),
    ];
  });
  const rows = new Set(all.map((entry) => entry.path));
  const own = new Set(entries.map((entry) => entry.path));
  for (const path of walked) {
    if (rows.has(path)) continue;
    let up = parentPath(path);
    while (up !== "/" && !rows.has(up)) up = parentPath(up);
    if (own.has(up)) asked.push({ tree, path, names: true, real: false });
  }
  return asked;
}

/** Whether a symlink leads to the content where it lies: links on its way there would lead elsewhere on the node. */
function isLinkedTo({ option }: Entry): boolean {
  return option === "link,ro" || option === "link,persistent";
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
