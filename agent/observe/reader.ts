import type { BigIntStats } from "node:fs";
import * as fs from "node:fs";
import { Gatherer } from "../concurrency.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { FS_MAGIC, O } from "../kernel/constants.ts";
import { FILES_AT_ONCE } from "../kernel/copy-files.ts";
import { type NamesRead, nextNames, splitNames } from "../kernel/directory.ts";
import { errorCode } from "../kernel/errno.ts";
import { listXattrs, nextData, type Xattr } from "../kernel/inode.ts";

/** A value, or the promise of one: what is done in place need not wait its turn. */
export type Awaitable<T> = T | Promise<T>;

/** What is to be read: a path whose last component is followed only where `follow` says so. */
export interface SourcePath {
  readonly path: Buffer;
  readonly follow: boolean;
}

/** A file or directory that is being read. */
export interface OpenedSource {
  readonly fd: number;
  stat(): Awaitable<BigIntStats>;
  /** Where the next bytes are that are no hole; undefined where there are none any more. */
  nextData(position: number): Awaitable<number | undefined>;
  /** One pread(2) into the buffer's beginning: perhaps fewer bytes than asked, 0 at the end. */
  read(buffer: Buffer, length: number, position: number): Awaitable<number>;
  close(): Awaitable<void>;
}

/** Some of the names in a directory. */
export interface Names {
  readonly names: readonly Buffer[];
  /** There are no more. */
  readonly end: boolean;
}

/** How a tree is read. Errors are those of the system calls. */
export interface TreeReader {
  stat(source: SourcePath): Awaitable<BigIntStats>;
  /** Some of the names in an open directory, as bytes; others each time, until there are no more. */
  names(directory: OpenedSource): Awaitable<Names>;
  readlink(path: Buffer): Awaitable<Buffer>;
  openDirectory(source: SourcePath): Awaitable<OpenedSource>;
  /** Does not wait for the other end of a FIFO, which the caller tells by {@link OpenedSource.stat}. */
  openFile(source: SourcePath): Awaitable<OpenedSource>;
  /**
   * Copies a small file of an open directory into one in memory, many at the same time; what it gives back is said at
   * {@link copySmallFiles}. Absent where nothing is won by that.
   */
  readonly copySmall?: (
    from: OpenedSource,
    to: number,
    name: Buffer,
    device: bigint,
  ) => Promise<number | undefined>;
  /** Extended attributes; none where the file system of `stats` has no place for them. */
  xattrs(source: SourcePath, stats: BigIntStats): Awaitable<readonly Xattr[]>;
}

/** The names in an open directory, a thousand or so at a time: there may be millions. */
export async function* namesOf(
  reader: TreeReader,
  directory: OpenedSource,
): AsyncGenerator<readonly Buffer[], void> {
  for (let end = false; !end; ) {
    const read = await reader.names(directory);
    yield read.names;
    end = read.end;
  }
}

/** The names of a directory that is small. @throws RangeError where there are more than `most` */
export async function allNames(reader: TreeReader, directory: OpenedSource, most: number): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const some of namesOf(reader, directory)) {
    all.push(...some);
    if (all.length > most) throw new RangeError(`more than ${most} names in one directory`);
  }
  return all;
}

const DIRECTORY = O.RDONLY | O.DIRECTORY | O.CLOEXEC;
const FILE = O.RDONLY | O.NONBLOCK | O.NOCTTY | O.CLOEXEC;

/**
 * Opens without leaving a time of access behind (open(2)): what is only looked at keeps its own. Where the process may not
 * do that with a file of somebody else's, the time changes.
 */
const QUIETLY = FILE | O.NOATIME;

const mayNot = (error: unknown): boolean => errorCode(error) === "EPERM";

const followed = ({ follow }: SourcePath, flags: number) => flags | (follow ? 0 : O.NOFOLLOW);

/** Batches of small files under way: a thread that waits for one leaves the other to go on. */
const SMALL_BATCHES = 2;

/** On threads, many calls under way at once: each may wait for a server. */
export function waitingReader(calls: KernelCalls): TreeReader {
  const { promises } = fs;
  const without = new Set<bigint>();
  const small = new Gatherer(SMALL_BATCHES, FILES_AT_ONCE, calls.copySmallFiles);
  const open = async (source: SourcePath, flags: number): Promise<OpenedSource> => {
    const handle = await promises.open(source.path, followed(source, flags));
    return {
      fd: handle.fd,
      stat: () => handle.stat({ bigint: true }),
      nextData: (position) => calls.nextData(handle.fd, position),
      read: async (buffer, length, position) => (await handle.read(buffer, 0, length, position)).bytesRead,
      close: () => handle.close(),
    };
  };
  return {
    stat: ({ path, follow }) =>
      follow ? promises.stat(path, { bigint: true }) : promises.lstat(path, { bigint: true }),
    names: async ({ fd }) => namesRead(await calls.nextNames(fd)),
    readlink: (path) => promises.readlink(path, { encoding: "buffer" }),
    openDirectory: (source) => open(source, DIRECTORY),
    openFile: async (source) => {
      try {
        return await open(source, QUIETLY);
      } catch (error) {
        if (!mayNot(error)) throw error;
        return open(source, FILE);
      }
    },
    copySmall: ({ fd }, to, name, device) => small.add({ from: fd, to, name, xattrs: !without.has(device) }),
    xattrs: async ({ path, follow }, { dev }) => {
      if (without.has(dev)) return [];
      try {
        return await calls.listXattrs(path, follow);
      } catch (error) {
        return noneOn(dev, without, error);
      }
    },
  };
}

/** In place: what lies in memory or on a disk of this machine answers sooner than a thread could be asked. */
export function localReader(): TreeReader {
  const without = new Set<bigint>();
  const open = (source: SourcePath, flags: number): OpenedSource => {
    const fd = fs.openSync(source.path, followed(source, flags));
    return {
      fd,
      stat: () => fs.fstatSync(fd, { bigint: true }),
      nextData: (position) => nextData(fd, position),
      read: (buffer, length, position) => fs.readSync(fd, buffer, 0, length, position),
      close: () => fs.closeSync(fd),
    };
  };
  return {
    stat: ({ path, follow }) => (follow ? fs.statSync : fs.lstatSync)(path, { bigint: true }),
    names: ({ fd }) => namesRead(nextNames(fd)),
    readlink: (path) => fs.readlinkSync(path, { encoding: "buffer" }),
    openDirectory: (source) => open(source, DIRECTORY),
    openFile: (source) => {
      try {
        return open(source, QUIETLY);
      } catch (error) {
        if (!mayNot(error)) throw error;
        return open(source, FILE);
      }
    },
    xattrs: ({ path, follow }, { dev }) => {
      if (without.has(dev)) return [];
      try {
        return listXattrs(path, follow);
      } catch (error) {
        return noneOn(dev, without, error);
      }
    },
  };
}

function namesRead(read: NamesRead): Names {
  return { names: splitNames(read), end: read.end };
}

/** Asked once for a file system without extended attributes, not once for each file. */
function noneOn(device: bigint, without: Set<bigint>, error: unknown): readonly Xattr[] {
  if (errorCode(error) !== "EOPNOTSUPP" && errorCode(error) !== "ENOTSUP") throw error;
  without.add(device);
  return [];
}

/** File systems that never wait for another machine. An overlay is not among them: its layers may be anything. */
const LOCAL: ReadonlySet<number> = new Set([
  FS_MAGIC.TMPFS,
  FS_MAGIC.RAMFS,
  FS_MAGIC.SQUASHFS,
  FS_MAGIC.EXT,
  FS_MAGIC.XFS,
  FS_MAGIC.BTRFS,
]);

/** @param type as statfs(2) gives it */
export function isLocal(type: number): boolean {
  return LOCAL.has(type);
}
