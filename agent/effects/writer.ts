import * as fs from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { makeNode, setTimes, setXattr, type Xattr } from "../kernel/inode.ts";
import type { Awaitable } from "../observe/reader.ts";
import { setModeOf } from "./mode.ts";

/** A file or directory that is being written. */
export interface Opened {
  readonly fd: number;
  /** What was written is where the writer promises it to be. */
  finish(): Awaitable<void>;
  close(): Awaitable<void>;
}

export interface OpenedFile extends Opened {
  /** One pwrite(2): perhaps fewer bytes than asked. */
  write(chunk: Uint8Array, position: number): Awaitable<number>;
  truncate(size: number): Awaitable<void>;
  /**
   * One copy_file_range(2) from an open file: perhaps fewer bytes than asked, 0 where the kernel does not copy between
   * the two. Absent where that is never so.
   */
  copyFrom?(source: number, offset: number, position: number, length: number): Promise<number>;
}

/**
 * How new inodes are made. Paths end in the inode's own name and are never followed there; what is there
 * already is an error. New files and directories are closed to everybody else until their mode is set.
 */
export interface TreeWriter {
  /** What is written there never waits, and is gone with the power. */
  readonly inMemory: boolean;
  directory(path: Buffer): Awaitable<void>;
  openDirectory(path: Buffer): Awaitable<Opened>;
  file(path: Buffer): Awaitable<OpenedFile>;
  symlink(text: Buffer, path: Buffer): Awaitable<void>;
  link(existing: Buffer, path: Buffer): Awaitable<void>;
  node(path: Buffer, mode: number, rdev: bigint): Awaitable<void>;
  owner(path: Buffer, uid: number, gid: number): Awaitable<void>;
  mode(path: Buffer, mode: number): Awaitable<void>;
  xattr(path: Buffer, xattr: Xattr): Awaitable<void>;
  times(path: Buffer, atimeNs: bigint, mtimeNs: bigint): Awaitable<void>;
}

const NEW_FILE = O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW | O.CLOEXEC;
const DIRECTORY = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC;
const [FILE_MODE, DIRECTORY_MODE] = [0o600, 0o700];

/** Into a tmpfs, in place: memory never makes anybody wait, and a thread's answer costs more than the call. */
export const memoryWriter: TreeWriter = {
  inMemory: true,
  directory: (path) => fs.mkdirSync(path, { mode: DIRECTORY_MODE }) as undefined,
  openDirectory: (path) => openedInMemory(fs.openSync(path, DIRECTORY)),
  file: (path) => {
    const opened = openedInMemory(fs.openSync(path, NEW_FILE, FILE_MODE));
    return {
      ...opened,
      write: (chunk, position) => fs.writeSync(opened.fd, chunk, 0, chunk.length, position),
      truncate: (size) => fs.ftruncateSync(opened.fd, size),
    };
  },
  symlink: (text, path) => fs.symlinkSync(text, path),
  link: (existing, path) => fs.linkSync(existing, path),
  node: makeNode,
  owner: (path, uid, gid) => fs.lchownSync(path, uid, gid),
  mode: (path, mode) => fs.chmodSync(path, mode),
  xattr: setXattr,
  times: setTimes,
};

function openedInMemory(fd: number): Opened {
  return { fd, finish: () => undefined, close: () => fs.closeSync(fd) };
}

/** Into the persistent area or a disk: on threads, as every call may wait, and on stable storage when finished. */
export function durableWriter(calls: KernelCalls): TreeWriter {
  const { promises } = fs;
  const open = async (path: Buffer, flags: number, mode?: number) => {
    const handle = await promises.open(path, flags, mode);
    return { handle, fd: handle.fd, finish: () => handle.sync(), close: () => handle.close() };
  };
  return {
    inMemory: false,
    directory: async (path) => {
      await promises.mkdir(path, { mode: DIRECTORY_MODE });
    },
    openDirectory: (path) => open(path, DIRECTORY),
    file: async (path) => {
      const { handle, ...opened } = await open(path, NEW_FILE, FILE_MODE);
      return {
        ...opened,
        write: async (chunk, position) => (await handle.write(chunk, 0, chunk.length, position)).bytesWritten,
        truncate: (size) => handle.truncate(size),
        copyFrom: (source, offset, position, length) =>
          calls.copyFileRange(source, offset, handle.fd, position, length),
      };
    },
    symlink: (text, path) => promises.symlink(text, path),
    link: (existing, path) => promises.link(existing, path),
    node: calls.makeNode,
    owner: (path, uid, gid) => promises.lchown(path, uid, gid),
    mode: setModeOf,
    xattr: calls.setXattr,
    times: calls.setTimes,
  };
}
