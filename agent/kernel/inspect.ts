import { closeSync, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { AT_FDCWD, O, STATX, SYS } from "./constants.ts";
import { errorReason } from "./errno.ts";
import { check, cstring, libc, type PathBytes, pathText, ptr } from "./libc.ts";
import { close, openIn } from "./tree.ts";

/** What several calls find out about a path inside a tree, made as one: between threads each costs more than a call. */

/** The inode that a path leads to. */
export interface Inspected {
  /** Device and inode number: the same for two paths of the same thing, and for no others. */
  readonly identity: string;
  /** Where it is in this process's view, the target of its link in /proc/self/fd (proc(5)). */
  readonly place: string;
}

/** A path inside the tree of an open directory. */
export interface PlaceInTree {
  readonly tree: number;
  readonly path: string;
}

/** An open descriptor, and the device number of what it stands for: which file system that is. */
export interface OpenedPlace {
  readonly fd: number;
  readonly device: bigint;
}

/** Opens a path inside a tree; the caller closes the descriptor. @throws SystemError */
export function openPlace({ tree, path }: PlaceInTree, flags: number): OpenedPlace {
  const fd = openIn(tree, path, flags);
  return { fd, device: fstatSync(fd, { bigint: true }).dev };
}

/** @throws SystemError */
export function inspect({ tree, path }: PlaceInTree): Inspected {
  const fd = openIn(tree, path, O.PATH);
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return { identity: `${dev}:${ino}`, place: readlinkSync(`/proc/self/fd/${fd}`) };
  } finally {
    close(fd);
  }
}

/** struct statx, statx(2). */
const NLINK_OFFSET = 16;

/**
 * Whether a tree's top is still in its file system, asked of the server itself and not of what is remembered. A directory
 * that was removed is empty for all who have it open (no name leads to it, so it has no links), or says ESTALE.
 * @throws SystemError
 */
export function stillThere(tree: number): boolean {
  const top = openIn(tree, "/", O.PATH | O.DIRECTORY);
  try {
    return askForLinks(top, "", STATX.AT_EMPTY_PATH) > 0;
  } finally {
    close(top);
  }
}

/**
 * Asks the server itself about a directory: where it has changed, what was remembered of its names is forgotten.
 * @throws SystemError
 */
export function refresh(directory: PathBytes): void {
  askForLinks(AT_FDCWD, directory, 0);
}

function askForLinks(from: number, path: PathBytes, flags: number): number {
  const buffer = new Uint8Array(STATX.BYTES);
  const name = cstring(path);
  const asked = flags | STATX.AT_STATX_FORCE_SYNC;
  const result = libc.syscall(SYS.statx, from, ptr(name), asked, STATX.NLINK, ptr(buffer), 0);
  check(result, () => `statx(${path.length === 0 ? "the top of a tree" : pathText(path)})`);
  return new DataView(buffer.buffer).getUint32(NLINK_OFFSET, true);
}

/**
 * Whether a file's bytes are those of some others, one after the other. What is no regular file counts as empty: a
 * device or FIFO could wait for ever; and so does what has become larger than `limit` bytes.
 * @returns a text where one of the others cannot be read: why not
 * @throws SystemError where the file itself cannot
 */
export function sameContent(
  place: PlaceInTree,
  others: readonly PlaceInTree[],
  limit: number,
): boolean | string {
  const bytes = readSmall(place, limit);
  try {
    return bytes.equals(Buffer.concat(others.map((other) => readSmall(other, limit))));
  } catch (error) {
    return errorReason(error);
  }
}

function readSmall({ tree, path }: PlaceInTree, limit: number): Buffer {
  const fd = openIn(tree, path, O.PATH);
  try {
    const stats = fstatSync(fd);
    return stats.isFile() && stats.size > 0 && stats.size <= limit
      ? readBytes(fd, stats.size)
      : Buffer.alloc(0);
  } finally {
    close(fd);
  }
}

/** As many bytes as there were a moment ago: a file that grows meanwhile has no end. */
function readBytes(fd: number, size: number): Buffer {
  const file = openSync(`/proc/self/fd/${fd}`, O.RDONLY | O.NONBLOCK | O.CLOEXEC);
  try {
    const bytes = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const count = readSync(file, bytes, done, size - done, done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(file);
  }
}
