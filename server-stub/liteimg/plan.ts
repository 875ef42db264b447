import type { Problem } from "../../agent/errors.ts";
import type { Entry } from "./entries.ts";
import { defaultPath, tmpfsLinkText, tmpfsPath } from "./links.ts";
import type { Op } from "./ops.ts";
import { families, Preparation } from "./preparation.ts";
import { PutBack } from "./put-back.ts";
import type { RecordedEntry } from "./record.ts";
import { isSwapName } from "./swap.ts";
import type { ImageTree } from "./tree.ts";
import { PlannedTree, parentOf, within } from "./view.ts";

export interface ImagePlan {
  /** Undoes what rows wanted that are gone or different now; done under the old record. */
  readonly putBack: readonly Op[];
  /** Does what the rows want; done under the new record. */
  readonly prepare: readonly Op[];
  readonly record: readonly RecordedEntry[];
  /** With any of them nothing may be carried out. */
  readonly problems: readonly Problem[];
}

/**
 * What has to be done so that the image serves the entries, and no others. Reads the image, changes nothing.
 * The ops can be cut off anywhere: a plan made afterwards goes on from there, because content is moved in one
 * step and only ever removed where it is a copy, or empty and liteimg's own.
 *
 * @param entries parents before children
 */
export function planImage(
  tree: ImageTree,
  entries: readonly Entry[],
  recorded: readonly RecordedEntry[],
): ImagePlan {
  const view = new PlannedTree(tree);
  const wanted = new Map(entries.map((entry) => [entry.path, entry]));
  const undo = new PutBack(view);
  const known = new Map(recorded.map((old) => [old.path, old]));
  for (const path of linkedWithoutRecord(tree, known))
    known.set(path, { path, directory: false, family: "link", made: [] });
  for (const old of [...known.values()].sort((a, b) => (a.path > b.path ? -1 : 1))) {
    const entry = wanted.get(old.path);
    if (entry !== undefined && isServedBy(old, entry)) continue;
    undo.entry(old);
    known.delete(old.path);
  }
  const kept = [...known.keys()].map(defaultPath);
  sweep(tree, view, "/.default", kept);
  sweep(tree, view, "/.statelite/tmpfs", []);
  const putBack = view.ops.length;
  const preparation = new Preparation(tree, view, { known, inherited: undo.inherited }, entries);
  for (const entry of entries) preparation.place(entry);
  for (const entry of entries) if (entry.placement === "plain") preparation.keepDefault(entry);
  return {
    putBack: view.ops.slice(0, putBack),
    prepare: view.ops.slice(putBack),
    record: [...preparation.record.values()],
    problems: preparation.problems,
  };
}

/** Whether what was done for an entry is still right; a stand-in that liteimg made may have another type now. */
function isServedBy(old: RecordedEntry, entry: Entry): boolean {
  const isMade = old.made.length > 0 || old.symlink !== undefined;
  return families[entry.placement] === old.family && !(isMade && entry.directory !== old.directory);
}

/** Entries of an image that came here without its record, or was prepared by another liteimg. */
function linkedWithoutRecord(tree: ImageTree, known: ReadonlyMap<string, RecordedEntry>): string[] {
  const base = tmpfsPath("");
  const search = (location: string): string[] =>
    tree.names(location).flatMap((name) => {
      const at = `${location}/${name}`;
      const look = tree.look(at);
      if (look.kind === "directory") return search(at);
      const path = at.slice(base.length);
      return look.kind === "symlink" && look.target === tmpfsLinkText(path) && !known.has(path) ? [path] : [];
    });
  return tree.look("/.statelite").kind === "directory" && tree.look(base).kind === "directory"
    ? search(base)
    : [];
}

/** Removes the empty directories in one of liteimg's own that are neither above nor below what is needed. */
function sweep(tree: ImageTree, view: PlannedTree, location: string, needed: readonly string[]): void {
  if (tree.look(location).kind !== "directory" || view.look(location).kind !== "directory") return;
  if (needed.some((path) => within(location, path))) return;
  if (isSwapName(location)) return; // Of a run that was cut off: the next one ends it first.
  for (const name of tree.names(location)) sweep(tree, view, `${location}/${name}`, needed);
  const isBase = parentOf(location) === "/" || location === tmpfsPath("");
  if (!isBase && view.isEmpty(location)) view.add({ kind: "remove", path: location, row: "no row below it" });
}
