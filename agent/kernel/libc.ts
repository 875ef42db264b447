import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { SystemError } from "./errno.ts";

/**
 * The C library, as far as the agent needs it. Only this folder touches FFI; each wrapper beside this
 * file follows one manual page and throws {@link SystemError} with every argument of the failed call.
 */

const { i32, u32, i64, u64, ptr: pointer } = FFIType;

const libc = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: pointer },
  mount: { args: [pointer, pointer, pointer, u64, pointer], returns: i32 },
  mmap: { args: [pointer, u64, i32, i32, i32, i64], returns: pointer },
  umount2: { args: [pointer, i32], returns: i32 },
  syscall: { args: [i64, i64, i64, i64, i64, i64, i64], returns: i64 },
  openat: { args: [i32, pointer, i32, u32], returns: i32 },
  readlinkat: { args: [i32, pointer, pointer, u64], returns: i64 },
  mknodat: { args: [i32, pointer, u32, u64], returns: i32 },
  futimens: { args: [i32, pointer], returns: i32 },
  utimensat: { args: [i32, pointer, pointer, i32], returns: i32 },
  llistxattr: { args: [pointer, pointer, u64], returns: i64 },
  lgetxattr: { args: [pointer, pointer, pointer, u64], returns: i64 },
  listxattr: { args: [pointer, pointer, u64], returns: i64 },
  getxattr: { args: [pointer, pointer, pointer, u64], returns: i64 },
  lsetxattr: { args: [pointer, pointer, pointer, u64, i32], returns: i32 },
  statfs: { args: [pointer, pointer], returns: i32 },
  chroot: { args: [pointer], returns: i32 },
  execve: { args: [pointer, pointer, pointer], returns: i32 },
  reboot: { args: [i32], returns: i32 },
  getrlimit: { args: [i32, pointer], returns: i32 },
  setrlimit: { args: [i32, pointer], returns: i32 },
  signal: { args: [i32, i64], returns: i64 },
  sigprocmask: { args: [i32, pointer, pointer], returns: i32 },
  lseek: { args: [i32, i64, i32], returns: i64 },
  close: { args: [i32], returns: i32 },
  umask: { args: [u32], returns: u32 },
}).symbols;

const errnoPointer = libc.__errno_location();

/** errno of the calling thread, right after a failed call (errno(3)). */
export function errno(): number {
  if (errnoPointer === null) throw new Error("__errno_location returned NULL");
  return read.i32(errnoPointer, 0);
}

/** A path as the kernel has it: bytes, or text that stands for its UTF-8 form. */
export type PathBytes = string | Uint8Array;

/** A NUL-terminated copy for the kernel. Throws RangeError where it holds a NUL itself. */
export function cstring(text: PathBytes): Buffer {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  if (bytes.includes(0))
    throw new RangeError(`a string with a NUL byte cannot reach the kernel: ${pathText(text)}`);
  return Buffer.concat([bytes, new Uint8Array(1)]);
}

/** The path for a message. */
export function pathText(path: PathBytes): string {
  return typeof path === "string" ? path : Buffer.from(path).toString();
}

/** Throws {@link SystemError} where a call returned -1; `describe` is asked only then. */
export function check(result: number | bigint, describe: () => string): number {
  if (result >= 0) return Number(result);
  const number = errno();
  throw new SystemError(describe(), number);
}

export { libc, ptr };
