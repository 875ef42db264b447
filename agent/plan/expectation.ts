import type { LitefileRow } from "../xcat/tables.ts";
import type { Location } from "./layout.ts";

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
