import { SYS } from "./constants.ts";
import { check, libc, ptr } from "./libc.ts";

/** A part of a directory's names; in one piece of memory, as it may cross from one thread to another. */
export interface NamesRead {
  /** Each with a NUL behind it; without `.` and `..`. */
  readonly names: Uint8Array;
  /** There are no more. */
  readonly end: boolean;
}

/** About a thousand names of usual length: what is held of a directory of a million at a time. */
const BYTES = 32768;
/** struct linux_dirent64 of getdents(2): its length is at 16, its name at 19. */
const [LENGTH, NAME] = [16, 19];

/** A thread's own. */
let buffer: Buffer | undefined;

/**
 * The next names of an open directory, from where the call before left off (getdents64(2)). Node's own way gives all of
 * them at once, some hundred bytes of memory each.
 * @throws SystemError
 */
export function nextNames(directory: number): NamesRead {
  buffer ??= Buffer.alloc(BYTES);
  const names: Uint8Array[] = [];
  for (let bytes = 0; bytes < BYTES; ) {
    const result = libc.syscall(SYS.getdents64, directory, ptr(buffer), buffer.length, 0, 0, 0);
    const length = check(result, () => `getdents64(${directory})`);
    if (length === 0) return { names: Buffer.concat(names), end: true };
    for (let at = 0; at < length; at += buffer.readUInt16LE(at + LENGTH)) {
      const name = buffer.subarray(at + NAME, buffer.indexOf(0, at + NAME) + 1);
      if (!isDots(name)) names.push(Uint8Array.from(name));
    }
    bytes += length;
  }
  return { names: Buffer.concat(names), end: false };
}

/** `.` or `..`, with its NUL. */
function isDots(name: Uint8Array): boolean {
  return name.length <= 3 && name.subarray(0, -1).every((byte) => byte === 0x2e);
}

/** The names one by one; each is part of what was read. */
export function splitNames({ names }: NamesRead): Buffer[] {
  const bytes = Buffer.from(names.buffer, names.byteOffset, names.length);
  const split: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    split.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return split;
}
