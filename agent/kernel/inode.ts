import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, RENAME_NOREPLACE, SYS } from "./constants.ts";
import { SystemError } from "./errno.ts";
import { check, cstring, libc, type PathBytes, pathText, ptr } from "./libc.ts";

/** What Node's file system calls lack: device nodes, exact times, extended attributes, renames that refuse. */

/** mknod(2) for device nodes, FIFOs and sockets; `rdev` as stat gives it. @throws SystemError */
export function makeNode(path: PathBytes, mode: number, rdev: bigint): void {
  const p = cstring(path);
  check(
    libc.mknodat(AT_FDCWD, ptr(p), mode, rdev),
    () => `mknod(${pathText(path)}, ${mode.toString(8)}, ${rdev})`,
  );
}

/** utimensat(2), to the nanosecond, of the inode itself and not where a symlink leads. @throws SystemError */
export function setTimes(path: PathBytes, atimeNs: bigint, mtimeNs: bigint): void {
  const p = cstring(path);
  const times = new BigInt64Array([...timespec(atimeNs), ...timespec(mtimeNs)]);
  check(
    libc.utimensat(AT_FDCWD, ptr(p), ptr(times), AT_SYMLINK_NOFOLLOW),
    () => `utimensat(${pathText(path)})`,
  );
}

/** futimens(3): the same of an open file. @throws SystemError */
export function setTimesOf(fd: number, atimeNs: bigint, mtimeNs: bigint): void {
  const times = new BigInt64Array([...timespec(atimeNs), ...timespec(mtimeNs)]);
  check(libc.futimens(fd, ptr(times)), () => `futimens(${fd})`);
}

const SECOND = 1_000_000_000n;

/** Times before 1970 are negative, but the nanoseconds of a timespec never are. */
function timespec(ns: bigint): [bigint, bigint] {
  const rest = ((ns % SECOND) + SECOND) % SECOND;
  return [(ns - rest) / SECOND, rest];
}

/** One extended attribute, xattr(7). */
export interface Xattr {
  readonly name: string;
  readonly value: Uint8Array;
}

const XATTR_LIST_MAX = 65536;
const XATTR_SIZE_MAX = 65536;

/** One of each for a thread: the calls do not wait for one another, and every file of a copy makes them. */
const listBuffer = Buffer.alloc(XATTR_LIST_MAX);
const valueBuffer = Buffer.alloc(XATTR_SIZE_MAX);

/**
 * The extended attributes that a copy keeps: security.*, user.*, trusted.* and POSIX ACLs. Others belong to
 * one file system (system.nfs4_acl) and mean nothing on another. `follow`: of what a symlink leads to.
 * @throws SystemError
 */
export function listXattrs(path: PathBytes, follow: boolean): Xattr[] {
  const p = cstring(path);
  const listxattr = follow ? libc.listxattr : libc.llistxattr;
  const getxattr = follow ? libc.getxattr : libc.lgetxattr;
  const length = check(
    listxattr(ptr(p), ptr(listBuffer), listBuffer.length),
    () => `listxattr(${pathText(path)})`,
  );
  if (length === 0) return [];
  const found: Xattr[] = [];
  for (const name of listBuffer.toString("utf8", 0, length).split("\0")) {
    if (!/^(security|user|trusted)\.|^system\.posix_acl_(access|default)$/.test(name)) continue;
    const n = cstring(name);
    const result = getxattr(ptr(p), ptr(n), ptr(valueBuffer), valueBuffer.length);
    try {
      const size = check(result, () => `getxattr(${pathText(path)}, ${name})`);
      found.push({ name, value: Uint8Array.from(valueBuffer.subarray(0, size)) });
    } catch (error) {
      // Listed but gone or not readable by us (ENODATA): the kernel lists more than it gives.
      if (!(error instanceof SystemError) || (error.code !== "ENODATA" && error.code !== "EACCES"))
        throw error;
    }
  }
  return found;
}

/** lsetxattr(2). @throws SystemError */
export function setXattr(path: PathBytes, xattr: Xattr): void {
  const [p, n] = [cstring(path), cstring(xattr.name)];
  // A pointer to an empty array is not to be had; the length says that nothing is read there.
  const value = xattr.value.length > 0 ? xattr.value : new Uint8Array(1);
  const result = libc.lsetxattr(ptr(p), ptr(n), ptr(value), xattr.value.length, 0);
  check(result, () => `setxattr(${pathText(path)}, ${xattr.name})`);
}

/** Why the kernel does not copy between two files: other file systems, or none that can; see copy_file_range(2). */
const NOT_IN_KERNEL = new Set(["EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP", "ENOTSUP", "EPERM", "EBADF"]);

/** copy_file_range(2). @returns bytes, 0 where the kernel does not copy between the two. @throws SystemError */
export function copyFileRange(
  from: number,
  fromOffset: number,
  to: number,
  toOffset: number,
  length: number,
): number {
  const offsets = new BigInt64Array([BigInt(fromOffset), BigInt(toOffset)]);
  const [source, target] = [offsets.subarray(0, 1), offsets.subarray(1)];
  const copied = libc.syscall(SYS.copy_file_range, from, ptr(source), to, ptr(target), length, 0);
  try {
    return check(copied, () => `copy_file_range(${from}, ${fromOffset}, ${to}, ${toOffset}, ${length})`);
  } catch (error) {
    if (!(error instanceof SystemError) || !NOT_IN_KERNEL.has(error.code)) throw error;
    return 0;
  }
}

const SEEK_DATA = 3;

/**
 * Where a file's next bytes are that are no hole, lseek(2) with SEEK_DATA; undefined where there are none any more. Of a
 * file system that does not tell holes (NFS before 4.2) all is data. @throws SystemError
 */
export function nextData(fd: number, position: number): number | undefined {
  try {
    return check(libc.lseek(fd, position, SEEK_DATA), () => `lseek(${fd}, ${position}, SEEK_DATA)`);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === "ENXIO") return undefined;
    if (error.code === "EINVAL") return position;
    throw error;
  }
}

/** renameat2(2) with RENAME_NOREPLACE: EEXIST where the new name is taken, and nothing is lost. @throws SystemError */
export function renameNoReplace(from: PathBytes, to: PathBytes): void {
  const [f, t] = [cstring(from), cstring(to)];
  check(
    libc.syscall(SYS.renameat2, AT_FDCWD, ptr(f), AT_FDCWD, ptr(t), RENAME_NOREPLACE, 0),
    () => `renameat2(${pathText(from)}, ${pathText(to)}, noreplace)`,
  );
}
