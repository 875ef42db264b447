/** Constants of the Linux system calls used, by the headers they come from (x86-64 and arm64 agree unless said). */

/** mount(2), linux/mount.h. */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  REMOUNT: 32,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  PRIVATE: 1 << 18,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
} as const;

/** umount2(2). */
export const MNT_DETACH = 2;

/** open(2), asm-generic/fcntl.h; arm64 differs in O_DIRECTORY and O_NOFOLLOW. */
const arm = process.arch === "arm64";
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  NONBLOCK: 0o4000,
  DIRECTORY: arm ? 0o40000 : 0o200000,
  NOFOLLOW: arm ? 0o100000 : 0o400000,
  NOATIME: 0o1000000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** openat2(2), linux/openat2.h. */
export const RESOLVE = { NO_XDEV: 1, NO_MAGICLINKS: 2, NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16 } as const;

/** linux/fcntl.h. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;

/** System call numbers without a wrapper in older C libraries (asm/unistd_64.h, asm-generic/unistd.h). */
export const SYS = {
  ...{ openat2: 437, io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 },
  ...(arm
    ? {
        copy_file_range: 285,
        finit_module: 273,
        renameat2: 276,
        ioctl: 29,
        swapon: 224,
        statx: 291,
        getdents64: 61,
      }
    : {
        copy_file_range: 326,
        finit_module: 313,
        renameat2: 316,
        ioctl: 16,
        swapon: 167,
        statx: 332,
        getdents64: 217,
      }),
};

/** statx(2): the descriptor itself; asking the server again; which members of the structure. */
export const STATX = {
  ...{ AT_EMPTY_PATH: 0x1000, AT_STATX_FORCE_SYNC: 0x2000 },
  ...{ NLINK: 0x4, BASIC_STATS: 0x7ff },
  /** sizeof(struct statx). */
  BYTES: 256,
} as const;

/** renameat2(2). */
export const RENAME_NOREPLACE = 1;

/** reboot(2), linux/reboot.h, as signed 32-bit values. */
export const REBOOT = {
  RESTART: 0x01234567,
  HALT: 0xcdef0123 | 0,
  POWER_OFF: 0x4321fedc,
} as const;

/** File type bits of st_mode, inode(7). */
export const S = {
  IFMT: 0o170000,
  IFSOCK: 0o140000,
  IFLNK: 0o120000,
  IFREG: 0o100000,
  IFBLK: 0o060000,
  IFDIR: 0o040000,
  IFCHR: 0o020000,
  IFIFO: 0o010000,
} as const;

/** File system magics, statfs(2) and linux/magic.h. */
export const FS_MAGIC = {
  RAMFS: 0x858458f6,
  TMPFS: 0x01021994,
  SQUASHFS: 0x73717368,
  EXT: 0xef53,
  XFS: 0x58465342,
  BTRFS: 0x9123683e,
  NFS: 0x6969,
  PROC: 0x9fa0,
} as const;
