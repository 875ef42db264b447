import { FS_MAGIC, MS } from "./constants.ts";
import { check, cstring, libc, ptr } from "./libc.ts";

/** What mount(2) is told, as words for messages: `ro,nodev`. */
function flagWords(flags: number): string {
  const words = Object.entries(MS)
    .filter(([, bit]) => (flags & bit) === bit)
    .map(([name]) => name.toLowerCase());
  return words.length > 0 ? words.join(",") : "rw";
}

/**
 * mount(2). `source`, `type` and `data` may be empty where the operation ignores them. The call blocks for
 * as long as the kernel takes: an NFS server that is silent can hold it for minutes.
 * @throws SystemError
 */
export function mount(source: string, target: string, type: string, flags: number, data: string): void {
  const [s, t, ty, d] = [cstring(source), cstring(target), cstring(type), cstring(data)];
  const result = libc.mount(
    source === "" ? null : ptr(s),
    ptr(t),
    type === "" ? null : ptr(ty),
    flags,
    data === "" ? null : ptr(d),
  );
  check(result, () => `mount(${source}, ${target}, ${type || "-"}, ${flagWords(flags)}, ${data || "-"})`);
}

/** umount2(2). @throws SystemError */
export function umount(target: string, flags: number): void {
  const t = cstring(target);
  check(libc.umount2(ptr(t), flags), () => `umount2(${target}, ${flags})`);
}

/** The file system's magic of statfs(2), e.g. {@link FS_MAGIC}.TMPFS. @throws SystemError */
export function fileSystemType(path: string): number {
  const p = cstring(path);
  const buffer = new BigInt64Array(32);
  check(libc.statfs(ptr(p), ptr(buffer)), () => `statfs(${path})`);
  return Number((buffer[0] ?? 0n) & 0xffffffffn);
}

/** Per-mount flags that statfs(2) and mount(2) have in common, but for `ro`. */
const MOUNT_FLAGS = MS.NOSUID | MS.NODEV | MS.NOEXEC;

/** Those of the mount at `path`: a remount that does not say them would clear them. @throws SystemError */
export function mountFlags(path: string): number {
  const p = cstring(path);
  const buffer = new BigInt64Array(32);
  check(libc.statfs(ptr(p), ptr(buffer)), () => `statfs(${path})`);
  return Number(buffer[F_FLAGS] ?? 0n) & MOUNT_FLAGS;
}

/** Position of `f_flags` in struct statfs, counted in words of 64 bits. */
const F_FLAGS = 10;

/** Whether files there live in memory: a file system that is gone once nothing uses it. @throws SystemError */
export function livesInMemory(path: string): boolean {
  const type = fileSystemType(path);
  return type === FS_MAGIC.RAMFS || type === FS_MAGIC.TMPFS;
}
