import { fstatSync } from "node:fs";
import { AT_FDCWD, FS_MAGIC, O, RESOLVE, S, SYS } from "./constants.ts";
import { errnoNumber, SystemError } from "./errno.ts";
import { check, cstring, libc, type PathBytes, pathText, ptr } from "./libc.ts";
import { fileSystemType } from "./mount.ts";

/**
 * Paths below a directory that must not lead out of it. A tree is a file descriptor of its top directory;
 * within it a symlink, absolute or with `..`, is followed as a process chrooted there would see it.
 */

/** open(2) of a directory of ours that nobody else can turn into a link: the top of a tree. @throws SystemError */
export function openTree(path: string): number {
  return openAt(AT_FDCWD, path, O.PATH | O.DIRECTORY | O.CLOEXEC, 0);
}

/** openat(2). @throws SystemError */
export function openAt(directory: number, name: PathBytes, flags: number, mode: number): number {
  const n = cstring(name);
  return check(
    libc.openat(directory, ptr(n), flags, mode),
    () => `openat(${directory}, ${pathText(name)}, ${flags})`,
  );
}

/** close(2); EBADF would be a mistake of this program. @throws SystemError */
export function close(fd: number): void {
  check(libc.close(fd), () => `close(${fd})`);
}

/** readlinkat(2) of an `O_PATH` descriptor of a symlink, or of a name in a directory. @throws SystemError */
export function readlinkAt(directory: number, name: string): string {
  return readLink(directory, name).toString();
}

function readLink(directory: number, name: string): Buffer {
  const n = cstring(name);
  const buffer = Buffer.alloc(4096);
  const length = check(
    libc.readlinkat(directory, ptr(n), ptr(buffer), buffer.length),
    () => `readlinkat(${directory}, ${name})`,
  );
  return buffer.subarray(0, length);
}

/**
 * Opens `path` inside the tree with openat2(2) and `RESOLVE_IN_ROOT`; by hand on kernels before 5.6.
 * `flags` are those of open(2); with `O_NOFOLLOW` a symlink as the last component is not followed.
 * Descriptors are made close-on-exec. @throws SystemError
 */
export function openIn(tree: number, path: string, flags: number, mode = 0): number {
  if (openat2Missing) return walkIn(tree, path, flags, mode);
  try {
    return openat2(tree, path, flags | O.CLOEXEC, mode, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
  } catch (error) {
    // EPERM: a seccomp profile of a container that does not know the call yet.
    if (!(error instanceof SystemError) || (error.code !== "ENOSYS" && error.code !== "EPERM")) throw error;
    if (error.code === "EPERM" && works(tree)) throw error;
    openat2Missing = true;
    return walkIn(tree, path, flags, mode);
  }
}

let openat2Missing = false;

/** For tests: pretends to be on a kernel without openat2. */
export async function withoutOpenat2<T>(body: () => T | Promise<T>): Promise<T> {
  const before = openat2Missing;
  openat2Missing = true;
  try {
    return await body();
  } finally {
    openat2Missing = before;
  }
}

function works(tree: number): boolean {
  try {
    close(openat2(tree, ".", O.PATH | O.CLOEXEC, 0, RESOLVE.IN_ROOT));
    return true;
  } catch {
    return false; // The answer is in the question: the call itself is refused.
  }
}

function openat2(tree: number, path: string, flags: number, mode: number, resolve: number): number {
  // Relative to the tree in any case; "." is the tree itself.
  const p = cstring(path.replace(/^\/+/, "") || ".");
  const how = new BigUint64Array([BigInt(flags >>> 0), BigInt(mode), BigInt(resolve)]);
  // EAGAIN: a rename or mount raced with the walk and the kernel could not vouch for it (openat2(2)).
  for (let attempt = 0; ; attempt++) {
    const fd = libc.syscall(SYS.openat2, tree, ptr(p), ptr(how), how.byteLength, 0, 0);
    if (fd >= 0) return Number(fd);
    try {
      return check(fd, () => `openat2(${tree}, ${path}, ${flags}, in root)`);
    } catch (error) {
      if (attempt < RACES && error instanceof SystemError && error.code === "EAGAIN") continue;
      throw error;
    }
  }
}

/** Any rename or mount of the whole machine counts, so that a busy one may lose several in a row. */
const RACES = 128;

const MAX_LINKS = 40;

/**
 * The same walk component by component, as path_resolution(7) describes it: never leaves the tree because
 * each step opens one name with `O_NOFOLLOW` below a directory reached so, and `..` only goes back up the
 * stack of those.
 */
function walkIn(tree: number, path: string, flags: number, mode: number): number {
  const call = `walk(${tree}, ${path})`;
  const stack: number[] = [];
  const top = () => stack.at(-1) ?? tree;
  const todo = components(Buffer.from(path));
  let links = 0;
  try {
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      if (name === "." || name === "..") {
        if (typeOf(top()) !== S.IFDIR) throw new SystemError(call, errnoNumber("ENOTDIR"));
        const left = name === ".." ? stack.pop() : undefined;
        if (left !== undefined) close(left);
        continue;
      }
      const bytes = Buffer.from(name, "latin1");
      const last = todo.length === 0;
      if (last && (flags & O.CREAT) !== 0) return openAt(top(), bytes, flags | O.NOFOLLOW | O.CLOEXEC, mode);
      const fd = openAt(top(), bytes, O.PATH | O.NOFOLLOW | O.CLOEXEC, 0);
      if (typeOf(fd) !== S.IFLNK || (last && (flags & O.NOFOLLOW) !== 0)) {
        stack.push(fd);
        continue;
      }
      const target = readLinkAndClose(fd);
      if (target === undefined || ++links > MAX_LINKS) throw new SystemError(call, errnoNumber("ELOOP"));
      if (target[0] === SLASH) for (const old of stack.splice(0)) close(old);
      todo.unshift(...components(target));
    }
    return reopen(top(), flags, call);
  } finally {
    for (const fd of stack) close(fd);
  }
}

const SLASH = 0x2f;

/** The names of a path, each byte a character; a slash at the end asks for a directory, as `.` does. */
function components(path: Buffer): string[] {
  const names = path
    .toString("latin1")
    .split("/")
    .filter((name) => name !== "");
  return names.length > 0 && path.at(-1) === SLASH ? [...names, "."] : names;
}

/** Undefined for a link of procfs that is none by its text: where that leads the kernel alone knows. */
function readLinkAndClose(fd: number): Buffer | undefined {
  try {
    const target = readLink(fd, "");
    // The others there, /proc/self and /proc/net, hold a plain relative path.
    const magic = fileSystemType(`/proc/self/fd/${fd}`) === FS_MAGIC.PROC && !/^\w[\w/]*$/.test(`${target}`);
    return magic ? undefined : target;
  } finally {
    close(fd);
  }
}

/** The file type bits of what a descriptor stands for. */
function typeOf(fd: number): number {
  return fstatSync(fd).mode & S.IFMT;
}

/** Turns the `O_PATH` descriptor that the walk ended on into one with the wanted flags. */
function reopen(fd: number, flags: number, call: string): number {
  const type = typeOf(fd);
  if ((flags & O.DIRECTORY) !== 0 && type !== S.IFDIR) throw new SystemError(call, errnoNumber("ENOTDIR"));
  if ((flags & O.PATH) !== 0) return duplicate(fd);
  if (type === S.IFLNK) throw new SystemError(call, errnoNumber("ELOOP"));
  return openAt(AT_FDCWD, `/proc/self/fd/${fd}`, (flags & ~O.NOFOLLOW) | O.CLOEXEC, 0);
}

const F_DUPFD_CLOEXEC = 1030;
const SYS_FCNTL = process.arch === "arm64" ? 25 : 72;

/** fcntl(2) F_DUPFD_CLOEXEC. */
function duplicate(fd: number): number {
  return check(libc.syscall(SYS_FCNTL, fd, F_DUPFD_CLOEXEC, 0, 0, 0, 0), () => `dup(${fd})`);
}
