import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { Anchors } from "./anchors.ts";
import { refuseMounts, removeTree } from "./mounts.ts";
import { type ImageTree, UnusablePath } from "./tree.ts";
import { within } from "./view.ts";

/** Names for a copy under way, for what it replaces, and for what is to be done; no entry can have them. */
const prefix = "/.default/.liteimg-";
const outgoing = `${prefix}old`;
const journal = `${prefix}swap`;

/** What goes in place of what. */
export interface Swap {
  readonly path: string;
  /** Below `path`: what moves over from what was there. */
  readonly keep: readonly string[];
}

/** A copy that is whole and waits to be put in place. */
interface ReadySwap extends Swap {
  readonly incoming: string;
}

const location = z.string().refine((path) => !path.split("/").includes(".."));
const schema = z.object({ path: location, keep: z.array(location), incoming: location });

/** Whether it is one of the names that belong to nobody else. */
export function isSwapName(location: string): boolean {
  return location.startsWith(prefix);
}

/**
 * Puts a copy in place as a whole: a node that boots meanwhile sees the old or the new. What has to be done is written
 * down before anything is moved, so that {@link recover} can end it wherever it is cut off: what is kept exists once.
 *
 * @param fill makes the copy at the path given, on the management node
 */
export function replaceWhole(tree: ImageTree, { path, keep }: Swap, fill: (path: string) => void): void {
  using anchors = new Anchors(tree);
  refuseMounts(tree.real(path)); // While nothing is moved yet.
  // A name of its own each time: the cp of a run that was killed may still be at work.
  const incoming = `${prefix}new-${process.pid}-${Date.now()}`;
  fill(anchors.at(incoming));
  const note = anchors.at(journal);
  const swap: ReadySwap = { path, keep, incoming };
  writeFileSync(`${note}-new`, JSON.stringify(swap), { flag: "wx", flush: true });
  renameSync(`${note}-new`, note);
  finish(tree, swap);
}

/** Ends what a run that was cut off has begun, and removes what it left half copied. */
export function recover(tree: ImageTree): void {
  if (!tree.isInside(tree.real(journal))) return; // No /.default yet.
  const swap = readJournal(tree);
  if (swap !== undefined) finish(tree, swap);
  if (tree.look("/.default").kind !== "directory") return;
  for (const name of tree.names("/.default"))
    if (isSwapName(`/.default/${name}`)) removeAll(tree, `/.default/${name}`);
}

/** Also while somebody still writes there, whose directories go away under him. */
function removeAll(tree: ImageTree, location: string): void {
  using anchors = new Anchors(tree);
  const path = anchors.at(location);
  for (let attempt = 1; ; attempt += 1) {
    try {
      removeTree(path, tree.real(location));
      return;
    } catch (error) {
      if (attempt >= 20 || error instanceof UnusablePath) throw error;
      Bun.sleepSync(10);
    }
  }
}

function readJournal(tree: ImageTree): ReadySwap | undefined {
  // A FIFO would never be read to its end, and a link could lead to one.
  if (tree.look(journal).kind !== "file") return undefined;
  using anchors = new Anchors(tree);
  try {
    const swap = schema.parse(JSON.parse(readFileSync(anchors.at(journal), "utf8")));
    return within(swap.path, "/.default") && swap.keep.every((kept) => within(kept, swap.path))
      ? swap
      : undefined;
  } catch {
    return undefined; // None, or none of liteimg's: nothing has been moved.
  }
}

/** Each step is left out where it has been done. */
function finish(tree: ImageTree, { path, keep, incoming }: ReadySwap): void {
  using anchors = new Anchors(tree);
  const [to, fresh, old, note] = [path, incoming, outgoing, journal].map((location) =>
    anchors.at(location),
  ) as [string, string, string, string];
  if (tree.look(incoming).kind !== "absent") {
    for (const kept of keep) {
      if (tree.look(kept).kind === "absent") continue;
      const place = `${incoming}${kept.slice(path.length)}`;
      if (!tree.isInside(tree.real(place))) continue; // Its directory is gone from the image.
      removeTree(anchors.at(place), tree.real(place));
      renameSync(anchors.at(kept), anchors.at(place));
    }
    if (tree.look(path).kind !== "absent") {
      removeTree(old, tree.real(outgoing));
      renameSync(to, old);
    }
    renameSync(fresh, to);
  }
  removeTree(old, tree.real(outgoing));
  rmSync(note);
}
