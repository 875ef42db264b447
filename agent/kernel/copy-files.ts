import { closeSync, fchmodSync, fchownSync, unlinkSync, writeSync } from "node:fs";
import { O, S, STATX } from "./constants.ts";
import { SystemError } from "./errno.ts";
import { listXattrs, setTimesOf } from "./inode.ts";
import { cstring } from "./libc.ts";
import { OP, Ring, type Submission } from "./ring.ts";
import { openAt } from "./tree.ts";

/** A regular file of a directory, to be copied into another one under the same name. */
export interface SmallFile {
  /** Descriptors of the two directories. */
  readonly from: number;
  /** In memory: what is written there never waits. */
  readonly to: number;
  readonly name: Uint8Array;
  /** The file system of `from` has places for extended attributes. */
  readonly xattrs: boolean;
}

/** What one call takes. */
export const FILES_AT_ONCE = 64;
/** Larger ones are not copied here. Bytes. */
export const SMALL = 32768;

const READ_FLAGS = O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY | O.CLOEXEC;
const WRITE_FLAGS = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC;
const EMPTY = cstring("");

/** A thread's own: its ring, and memory for what is read. `undefined` until it is needed, `null` where it cannot be. */
let ring: Ring | null | undefined;
let slots = new Uint8Array(0);

/**
 * Copies small files with their attributes, opening and reading all of them at the same time: from a server that is far
 * away the whole batch takes hardly longer than one of them.
 *
 * @param wanted at most {@link FILES_AT_ONCE}
 * @returns for each its bytes. `undefined` where it is no ordinary small file (any more), or anything went wrong:
 * nothing of it is there then, and who copies it by itself finds out what it is
 */
export function copySmallFiles(wanted: readonly SmallFile[]): readonly (number | undefined)[] {
  const side = ring === undefined ? openRing() : ring;
  const copied = new Array<number | undefined>(wanted.length).fill(undefined);
  if (side === null) return copied;
  if (slots.length === 0) slots = new Uint8Array(FILES_AT_ONCE * SMALL);
  const files = openAll(side, wanted);
  try {
    const read = readAll(side, files);
    for (const file of files) {
      const stats = ordinary(file, read.get(file.index));
      if (stats !== undefined)
        copied[file.index] = write(file.wanted, slotOf(file.index).subarray(0, stats.size), stats);
    }
    return copied;
  } finally {
    // Nothing was written to them: there is nothing to wait for.
    side.post(files.map(({ fd }) => ({ op: OP.CLOSE, fd })));
  }
}

function openRing(): Ring | null {
  try {
    ring = new Ring(2 * FILES_AT_ONCE);
  } catch (error) {
    // A kernel without it, or one that does not give it to anybody: files are copied one by one.
    if (!(error instanceof SystemError)) throw error;
    ring = null;
  }
  return ring;
}

interface OpenFile {
  readonly wanted: SmallFile;
  /** In the list. */
  readonly index: number;
  readonly fd: number;
  readonly statx: Uint8Array;
}

function slotOf(index: number): Uint8Array {
  return slots.subarray(index * SMALL, (index + 1) * SMALL);
}

function openAll(side: Ring, wanted: readonly SmallFile[]): OpenFile[] {
  const opens = wanted.map(
    ({ from, name }): Submission => ({
      ...{ op: OP.OPENAT, fd: from, address: cstring(name), flags: READ_FLAGS },
    }),
  );
  const opened = side.run(opens);
  return wanted.flatMap((file, index) => {
    const fd = opened[index] ?? -1;
    return fd < 0 ? [] : [{ wanted: file, index, fd, statx: new Uint8Array(STATX.BYTES) }];
  });
}

/** Bytes read, or a negative errno, by index; none where the file could not be looked at. */
function readAll(side: Ring, files: readonly OpenFile[]): ReadonlyMap<number, number> {
  const results = side.run(
    files.flatMap(({ fd, index, statx }): Submission[] => [
      { op: OP.READ, fd, address: slotOf(index), length: SMALL },
      {
        ...{ op: OP.STATX, fd, address: EMPTY, length: STATX.BASIC_STATS },
        ...{ offset: statx, flags: STATX.AT_EMPTY_PATH },
      },
    ]),
  );
  const read = new Map<number, number>();
  for (const [position, { index }] of files.entries()) {
    const [bytes = -1, looked = -1] = results.subarray(2 * position, 2 * position + 2);
    if (looked === 0) read.set(index, bytes);
  }
  return read;
}

interface SmallStats {
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
}

/** The attributes of a regular file with one name whose bytes are all read; else undefined. struct statx, statx(2). */
function ordinary({ statx }: OpenFile, bytes: number | undefined): SmallStats | undefined {
  const view = new DataView(statx.buffer);
  const [mode, size] = [view.getUint16(28, true), Number(view.getBigUint64(40, true))];
  if ((mode & S.IFMT) !== S.IFREG || view.getUint32(16, true) !== 1 || bytes !== size) return undefined;
  const time = (at: number) =>
    view.getBigInt64(at, true) * 1_000_000_000n + BigInt(view.getUint32(at + 8, true));
  const [uid, gid] = [view.getUint32(20, true), view.getUint32(24, true)];
  return { size, mode: mode & 0o7777, uid, gid, atimeNs: time(64), mtimeNs: time(112) };
}

/** A new file with all that it has; what fails half-way is removed. */
function write(file: SmallFile, bytes: Uint8Array, stats: SmallStats): number | undefined {
  const { from, to, name, xattrs } = file;
  const path = (directory: number) => Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
  let made = false;
  try {
    if (xattrs && listXattrs(path(from), false).length > 0) return undefined;
    const fd = openAt(to, name, WRITE_FLAGS, 0o600);
    made = true;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      // In this order: chown clears set-user-ID, and all of them change times.
      fchownSync(fd, stats.uid, stats.gid);
      fchmodSync(fd, stats.mode);
      setTimesOf(fd, stats.atimeNs, stats.mtimeNs);
    } finally {
      closeSync(fd);
    }
    return bytes.length;
  } catch {
    // Whoever copies it by itself meets the same, and says so.
    if (made) unlinkSync(path(to));
    return undefined;
  }
}
