import type { Location } from "./layout.ts";

/** What was found on the mounted trees: the contract between observe/, which looks, and plan/, which decides. */

export type NodeKind = "file" | "directory" | "symlink" | "device" | "fifo" | "socket";

/** One inode, as lstat(2) shows it. */
export interface Observed {
  readonly kind: NodeKind;
  /** Bytes, of a regular file. */
  readonly size: number;
  /** Bytes of a regular file that are no holes; absent where it has none. */
  readonly filled?: number;
  /** Of a regular file: changes with its content. To be compared, not read. */
  readonly version?: string;
  /** Names in a directory, where they were asked for. Of very many all that are asked about themselves, and some. */
  readonly names?: readonly string[];
  /** For a symlink: its text, and what it leads to inside the tree; `resolved` is absent where it leads nowhere. */
  readonly link?: { readonly text: string; readonly resolved?: Observed };
  /** Where it really lies in its tree, all links followed; absent where that is the path that was asked for. */
  readonly real?: string;
}

/** A question to a tree: what is at `path`, and for a directory, what names does it hold? */
export interface Question extends Location {
  readonly names: boolean;
  /** Whether it matters where in its tree it really lies. */
  readonly real: boolean;
  /** Where there is nothing, something is to be made: what is in the way of that is a failure. */
  readonly toBeMade?: true;
}

/** Answers by tree and path. A path that does not exist has no answer, one that could not be read has a failure. */
export interface Observations {
  at(location: Location): Observed | undefined;
  /** Why a location could not be looked at (EACCES, ESTALE …); absent where it could. */
  failure(location: Location): string | undefined;
}

/** The image's view of one entry's path. */
export interface Target {
  /** The path after the links of the image above its last component: `/run/x` for `/var/run/x`. */
  readonly canonical: string;
  /** What is there, the last component's links followed; absent where there is nothing. */
  readonly kind?: NodeKind;
  /** The text of the symlink that stands at the canonical path itself. */
  readonly linkText?: string;
  /** Where that one leads in the end, inside the root; absent where nothing is there. */
  readonly behind?: string;
}

/** What is behind what is there, its links followed inside its tree. */
export function resolved(observed: Observed): Observed | undefined {
  return observed.link === undefined ? observed : observed.link.resolved;
}
