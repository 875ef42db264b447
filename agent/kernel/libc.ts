import { dlopen, FFIType, read } from "bun:ffi";

/**
 * The C library, as far as the agent needs it. Only this folder touches FFI; each wrapper beside this
 * file follows one manual page and throws {@link SystemError} with every argument of the failed call.
 */

const { i32, u32, i64, u64, ptr } = FFIType;

const libc = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: ptr },
  mount: { args: [ptr, ptr, ptr, u64, ptr], returns: i32 },
  umount2: { args: [ptr, i32], returns: i32 },
  syscall: { args: [i64, i64, i64, i64, i64, i64, i64], returns: i64 },
  chroot: { args: [ptr], returns: i32 },
  execve: { args: [ptr, ptr, ptr], returns: i32 },
  reboot: { args: [i32], returns: i32 },
  sync: { args: [], returns: FFIType.void },
  signal: { args: [i32, i64], returns: i64 },
  sigprocmask: { args: [i32, ptr, ptr], returns: i32 },
  close: { args: [i32], returns: i32 },
  umask: { args: [u32], returns: u32 },
}).symbols;

const errnoPointer = libc.__errno_location();

/** errno of the calling thread, right after a failed call (errno(3)). */
export function errno(): number {
  if (errnoPointer === null) throw new Error("__errno_location returned NULL");
  return read.i32(errnoPointer, 0);
}

/** A NUL-terminated copy of `text` for the kernel. Throws RangeError where it holds a NUL itself. */
export function cstring(text: string): Buffer {
  if (text.includes("\0")) throw new RangeError(`a string with a NUL byte cannot reach the kernel: ${text}`);
  return Buffer.from(`${text}\0`);
}

export { libc };
