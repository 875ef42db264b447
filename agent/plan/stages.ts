import { type Choosing, isDirectory } from "./choose.ts";
import { ownTree, wholeMark, whyUnfinished } from "./kept.ts";
import { isBelow } from "./layout.ts";
import type { PathIndex } from "./nesting.ts";
import type { Op } from "./op.ts";
import type { Placed } from "./place.ts";
import { contentOps } from "./steps.ts";

/** Ops that do not depend on each other and may run side by side. */
export type Stage = readonly Op[];

function depth(placed: Placed): number {
  return placed.parent === undefined ? 0 : depth(placed.parent) + 1;
}

/** What makes the contents: parents before children, what is side by side in one stage. */
export function stagesOf(placed: readonly Placed[], index: PathIndex, input: Choosing): Stage[] {
  const children = new Map<Placed, Placed[]>();
  for (const child of placed) {
    if (child.parent === undefined) continue;
    const siblings = children.get(child.parent);
    if (siblings === undefined) children.set(child.parent, [child]);
    else siblings.push(child);
  }
  const stages: Op[][] = [];
  for (const item of placed) {
    const kept = item.merge ? (input.containers?.get(item.entry.path) ?? []) : [];
    const named = [...(children.get(item) ?? []).map((child) => child.entry.path), ...kept];
    // By the names of the table, and by where the image's links lead: the content may lie at either.
    const exclude = new Set([
      ...namesBelow(item.entry.path, named),
      ...namesBelow(
        item.canonical,
        (children.get(item) ?? []).map((child) => child.canonical),
      ),
    ]);
    const level = depth(item);
    addOps(stages, level, contentOps(item, [...exclude].sort()));
    // Not beside them: it is remembered only once it is true.
    addOps(stages, level + 1, rememberOps(item, index, input));
  }
  return stages;
}

/** What paths are called below a directory, of those that lie there. */
function namesBelow(directory: string, paths: readonly string[]): string[] {
  return paths.filter((path) => isBelow(path, directory)).map((path) => path.slice(directory.length + 1));
}

function addOps(stages: Op[][], level: number, ops: readonly Op[]): void {
  if (ops.length === 0) return;
  while (stages.length <= level) stages.push([]);
  stages[level]?.push(...ops);
}

/** A directory that is kept, with entries below it, is once seen as a whole: from then on it is never seeded again. */
function rememberOps({ entry, winners }: Placed, index: PathIndex, input: Choosing): Op[] {
  const tree = ownTree(entry, input);
  const [winner] = winners;
  if (tree === undefined || winner === undefined || !index.hasBelow(entry.path)) return [];
  const isWhole = winner.location.tree !== tree || whyUnfinished(winner, index, input.seen) === undefined;
  const at = wholeMark({ tree, path: entry.path });
  const isNew = isDirectory(winner) && isWhole && input.seen.at(at) === undefined;
  return isNew ? [{ kind: "remember", row: entry.row, at }] : [];
}
