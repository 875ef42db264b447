import type { Xattr } from "../kernel/inode.ts";
import { ArchiveError } from "./incremental.ts";

/** What archives of every format come down to. */

/**
 * The bytes of a file name as characters 0 to 255 (latin1): Linux names are bytes, and an image holds whatever
 * its packages brought along.
 */
export type ByteString = string;

/** What an inode has beside its content. */
export interface EntryAttributes {
  /** Permission bits, set-user-ID and so on: `0o7777` at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly Xattr[];
}

/** One member. `path` is relative and clean, and empty for the archive's top directory itself. */
export type ArchiveEntry = { readonly path: ByteString } & EntryAttributes &
  (
    | { readonly kind: "file"; readonly size: number }
    | { readonly kind: "directory" }
    | { readonly kind: "symlink"; readonly target: ByteString }
    /** Another name of the member at `target`; with content only where that had none so far (cpio). */
    | { readonly kind: "hardlink"; readonly target: ByteString; readonly size: number }
    | { readonly kind: "character" | "block"; readonly major: number; readonly minor: number }
    /** A socket is made by who listens on it; an image that holds one was packed while somebody did. */
    | { readonly kind: "socket" }
    | { readonly kind: "fifo" }
  );

/** Where the members go. Content comes between {@link begin} and {@link end}. */
export interface ArchiveSink {
  begin(entry: ArchiveEntry): void;
  content(bytes: Uint8Array): void;
  end(): void;
}

/** Far above what an image of a real system has; an archive beyond them is an attack or damaged. */
export const LIMITS = {
  entries: 4_000_000,
  /** PATH_MAX of linux/limits.h. */
  path: 4096,
  depth: 256,
  /** Bytes of names that are kept to the end of the archive: an image of 100,000 directories comes to a third. */
  names: 1 << 26,
  /** Extended headers: one of them holds at most a few extended attributes of 64 KiB. */
  header: 1 << 20,
  /** Bytes of the names of one file's extended attributes, an end for each included: XATTR_LIST_MAX of linux/limits.h. */
  xattrNames: 65_536,
} as const;

/** `/./usr//bin/` as `usr/bin`; refuses what could only be meant to lead elsewhere. @throws ArchiveError */
export function cleanPath(raw: ByteString): ByteString {
  if (raw.length > LIMITS.path) throw new ArchiveError(`a path of ${raw.length} bytes: ${readable(raw)}`);
  if (raw.includes("\0")) throw new ArchiveError(`a NUL byte in the path ${readable(raw)}`);
  const components = raw.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes("..")) throw new ArchiveError(`".." in the path ${readable(raw)}`);
  if (components.length > LIMITS.depth) {
    throw new ArchiveError(`directories nested ${components.length} deep: ${readable(raw)}`);
  }
  return components.join("/");
}

/** Bytes of a header, up to the first NUL. */
export function byteString(bytes: Uint8Array): ByteString {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("latin1");
}

/** A name for a message: as UTF-8 where it is, and not endless. */
export function readable(name: ByteString): string {
  const text = Buffer.from(name, "latin1").toString();
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

/** Counts members, so that an archive of nothing but members ends. */
export class EntryCount {
  #count = 0;

  /** @throws ArchiveError */
  next(): number {
    if (++this.#count > LIMITS.entries) throw new ArchiveError(`more than ${LIMITS.entries} members`);
    return this.#count;
  }
}

/** Counts names that are kept to the end: what a member of 4 KiB leaves behind must not be 4 KiB, without an end. */
export class NamesKept {
  #bytes = 0;

  /** @throws ArchiveError */
  add(name: ByteString): void {
    // What a map has of each entry beside its text.
    this.#bytes += name.length + 128;
    if (this.#bytes > LIMITS.names) {
      throw new ArchiveError(
        `the names of its directories or hard links take more than ${LIMITS.names} bytes`,
      );
    }
  }
}
