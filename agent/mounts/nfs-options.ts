import { MS } from "../kernel/constants.ts";

/**
 * NFS mount options as the kernel wants them (nfs(5), fs/nfs/fs_context.c). What mount.nfs does between the
 * words of an administrator and the kernel's option string is done here: there is no mount helper in the initrd.
 */

/** One mount(2) to try. */
export interface NfsAttempt {
  /** `4.2`, `4.1`, `4.0` or `3`. */
  readonly version: string;
  /** MS_* flags that the options ask for. */
  readonly flags: number;
  /** The option string for mount(2). */
  readonly data: string;
}

/** What the attempts depend on beside the options themselves. */
export interface NfsPeer {
  /** The server's address, without brackets. */
  readonly address: string;
  /** Our address, for NFSv4.0 callbacks; left out where unknown. */
  readonly clientAddress?: string;
}

const NEWEST_FIRST = ["4.2", "4.1", "4.0", "3"] as const;

/** Words for the VFS rather than for NFS: [flag, set or clear]. */
const FLAG_WORDS: Readonly<Record<string, readonly [number, boolean]>> = {
  nosuid: [MS.NOSUID, true],
  suid: [MS.NOSUID, false],
  nodev: [MS.NODEV, true],
  dev: [MS.NODEV, false],
  noexec: [MS.NOEXEC, true],
  exec: [MS.NOEXEC, false],
  noatime: [MS.NOATIME, true],
  atime: [MS.NOATIME, false],
  nodiratime: [MS.NODIRATIME, true],
  diratime: [MS.NODIRATIME, false],
  strictatime: [MS.STRICTATIME, true],
  relatime: [MS.RELATIME, true],
  norelatime: [MS.RELATIME, false],
};

/** Words for mount(8), fstab or systemd; the kernel refuses them. `ro` and `rw` are the caller's decision. */
const USERSPACE =
  /^(ro|rw|bg|fg|retry=.*|defaults|auto|noauto|user|nouser|users|owner|group|_netdev|nofail|x-.*|comment=.*|)$/;

/** The mounts to try, newest protocol first, unless the options name a version. */
export function nfsAttempts(options: readonly string[], peer: NfsPeer): NfsAttempt[] {
  let flags = 0;
  const words: string[] = [];
  for (const word of options) {
    const flag = FLAG_WORDS[word];
    if (flag !== undefined) flags = flag[1] ? flags | flag[0] : flags & ~flag[0];
    else if (!USERSPACE.test(word) && !isVersion(word)) words.push(word);
  }
  return wantedVersions(options).map((version) => ({
    version,
    flags,
    data: [...(version === "3" ? version3(words, peer) : version4(version, peer)), ...words].join(","),
  }));
}

/** The server's NFS port where the options name one. What is no port is left to the kernel, which says so. */
export function nfsPort(options: readonly string[]): number {
  const text = options.findLast((word) => word.startsWith("port="))?.slice("port=".length) ?? "";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port > 0 && port < 65536 ? port : 2049;
}

/** Whether the transport is TCP, which alone can be tried before the mount. */
export function overTcp(options: readonly string[]): boolean {
  return !options.some((word) => /^(udp|rdma|proto=(udp|rdma).*)$/.test(word));
}

function isVersion(word: string): boolean {
  return /^((nfs)?vers=.*|v[234](\.[0-2])?|minorversion=.*)$/.test(word);
}

/** Versions named by `vers=`, `nfsvers=`, `v4.1` or `minorversion=`; all where none is. */
function wantedVersions(options: readonly string[]): readonly string[] {
  const named = options.filter(isVersion);
  const minor = named.findLast((word) => word.startsWith("minorversion="))?.slice("minorversion=".length);
  const version = named
    .findLast((word) => !word.startsWith("minorversion="))
    ?.replace(/^((nfs)?vers=|v)/, "");
  if (minor !== undefined) return [`4.${minor}`];
  if (version === undefined) return NEWEST_FIRST;
  return version === "4" ? NEWEST_FIRST.filter((v) => v.startsWith("4.")) : [version];
}

function version4(version: string, peer: NfsPeer): string[] {
  const client = peer.clientAddress === undefined ? [] : [`clientaddr=${peer.clientAddress}`];
  return [`vers=${version}`, `addr=${peer.address}`, ...client];
}

/** `nolock`: there is no lock daemon before the real system runs, and nothing that is mounted here is locked. */
function version3(words: readonly string[], peer: NfsPeer): string[] {
  const given = (name: RegExp) => words.some((word) => name.test(word));
  return [
    "vers=3",
    `addr=${peer.address}`,
    ...(given(/^(tcp|udp|rdma|proto=.*)$/) ? [] : ["proto=tcp"]),
    ...(given(/^mountproto=/) ? [] : ["mountproto=tcp"]),
    `mountaddr=${peer.address}`,
    ...(given(/^(no)?lock$|^local_lock=/) ? [] : ["nolock"]),
  ];
}

/** `server:/dir` with brackets around an IPv6 address, as mount(2) wants its source. */
export function nfsSource(host: string, directory: string): string {
  return `${host.includes(":") ? `[${host}]` : host}:${directory}`;
}
