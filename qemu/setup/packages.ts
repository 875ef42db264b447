/** Debian's packages that this project uses, and what for. Nothing is here that only some machine happens to lack. */
export const debianPackages: Readonly<Record<string, string>> = {
  "busybox-static": "the shell and DHCP client in the initrd",
  cpio: "looks into initrds",
  "debian-archive-keyring": "verifies the packages of the root image",
  "dnsmasq-base": "DHCP and DNS of the bench's management node",
  e2fsprogs: "file systems for tests of the local disk",
  "ipxe-qemu": "boots node machines from the network",
  iproute2: "the bench's bridge and taps",
  kmod: "module dependencies for the initrd",
  mmdebstrap: "builds the nodes' root image",
  mount: "mounts in the bench's and the tests' own namespaces",
  "nfs-ganesha": "NFS server of the bench, versions 3 and 4",
  "nfs-ganesha-vfs": "its back end for local directories",
  netbase: "the names of protocols and ports that rpcbind asks for",
  openssl: "the bench's certificates",
  "qemu-system-x86": "runs the node machines",
  rpcbind: "portmapper for NFS version 3",
  "squashfs-tools": "packs images for tests of the ramdisk root",
  strace: "counts system calls for npm run bench",
  "util-linux": "namespaces for the bench and the tests",
  "xz-utils": "unpacks kernel modules that are compressed with it",
  zstd: "compresses the initrd",
};

/**
 * Which of the wanted packages are not installed.
 *
 * @param listing of `dpkg-query -W -f '${Package} ${db:Status-Status}\n'` (dpkg-query(1))
 */
export function missingPackages(wanted: readonly string[], listing: string): string[] {
  const installed = new Set(
    listing
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, status]) => status === "installed")
      .map(([name]) => name),
  );
  return wanted.filter((name) => !installed.has(name));
}

/**
 * Which of the wanted packages apt knows no version of, so that its lists are to be brought up to date.
 *
 * @param policy what `apt-cache policy` printed for them: nothing at all for a name it never heard of
 */
export function unknownPackages(wanted: readonly string[], policy: string): string[] {
  const known = new Set<string>();
  let name = "";
  for (const line of policy.split("\n")) {
    const heading = /^(\S+):$/.exec(line)?.[1];
    if (heading !== undefined) name = heading;
    else if (/^\s+Candidate: (?!\(none\))/.test(line)) known.add(name);
  }
  return wanted.filter((candidate) => !known.has(candidate));
}
