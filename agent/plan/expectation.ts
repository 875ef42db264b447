import type { LitefileRow } from "../xcat/tables.ts";
import type { Location } from "./layout.ts";
import { resolved } from "./observation.ts";
import { followsLink, type Placed } from "./place.ts";

/** What must be true of the root once the plan is carried out; checked by the verify phase. */
export type Expectation = {
  readonly row: LitefileRow /** As a process on the node names it. */;
  readonly path: string;
} & (
  | /** The path leads to the very inode at `as`. */ { readonly kind: "same"; readonly as: Location }
  | /** The path is a mount of its own. */ {
      readonly kind: "mounted";
      readonly readonly: boolean;
      /** What is mounted is an overlay. */
      readonly overlay: boolean;
    }
  | /** A small file's bytes are those of these files, one after the other. */ {
      readonly kind: "content";
      readonly of: readonly Original[];
    }
);

/** A file that a copy was made from, as it was when the plan was made. */
export interface Original {
  readonly location: Location;
  readonly version?: string;
}

/** Files up to this many bytes are compared with what they were made from. */
export const SMALL_FILE = 65536;

/** What has to be true of one entry once it is placed. */
export function expectationsOf(placed: Placed): Expectation[] {
  const { entry, winners, content } = placed;
  const about = { row: entry.row, path: entry.path };
  const [winner] = winners;
  // A symlink that was copied as it is leads on the node wherever it leads there.
  if (winner?.observed?.kind === "symlink" && !followsLink(placed)) return [];
  const expected: Expectation[] = [{ kind: "same", ...about, as: content }];
  const overlay = placed.upper !== undefined;
  if (placed.placement === "bind" || overlay) {
    expected.push({ kind: "mounted", ...about, readonly: entry.option === "ro", overlay });
  }
  const files = winners.map(({ location, observed }) => ({ location, file: observed && resolved(observed) }));
  const size = files.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  const small = files.every(({ file }) => file?.kind === "file") && size <= SMALL_FILE;
  const copied = winner !== undefined && winner.location.tree !== content.tree;
  if (small && copied) {
    const of = files.map(({ location, file }) => ({
      ...{ location, ...(file?.version !== undefined && { version: file.version }) },
    }));
    expected.push({ kind: "content", ...about, of });
  }
  return expected;
}
