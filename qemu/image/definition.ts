/**
 * What the nodes' root image is made of: a small Debian with systemd, as an administrator would set it up for
 * nodes whose root is read-only and shared. What a node may write is not decided here but in the litefile table.
 */
export interface ImageDefinition {
  readonly packages: readonly string[];
  /** Shell commands that run once the packages are installed; `$1` is the image's root (mmdebstrap(1), customize hooks). */
  readonly customise: string;
}

/** Units that look after a disk or after packages: neither is this node's to look after. */
const MASKED = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  // The root is mounted as it has to be, and there is no fstab to say otherwise.
  "systemd-remount-fs.service",
  // The machine id is a mount of each node's own, not one in memory that waits to be written to a disk.
  "systemd-machine-id-commit.service",
  // The seed would be saved in a tmpfs: worth nothing at the next boot. The processor and virtio give entropy.
  "systemd-random-seed.service",
] as const;

const CUSTOMISE = `
set -eu
root=$1
# Nothing of the host that built it. The node's name is what the agent sets, the resolver's what the tables say.
rm -f "$root/etc/hostname"
: >"$root/etc/resolv.conf"
printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost\\n' >"$root/etc/hosts"
# No disk, no swap: what is mounted was mounted before systemd started.
: >"$root/etc/fstab"
# Empty, not absent: with a read-only /etc systemd refuses to boot without the file (machine-id(5)). The litefile table
# makes it persistent, so that each node gets its own at its first boot and keeps it.
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"
# The card keeps the name under which the root was mounted through it (systemd.link(5)).
ln -sf /dev/null "$root/etc/systemd/network/99-default.link"
for unit in ${MASKED.join(" ")}; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
# No packet filters in BPF, which systemd's own services ask for: the first of them has the kernel rewrite the code that
# every packet passes, and on an emulated machine with two processors (QEMU 7.2) the other one, when it is just there,
# goes round the old code for ever: "rcu: INFO: rcu_preempt self-detected stall" in sk_filter_trim_cap.
mkdir -p "$root/etc/systemd/system/service.d"
printf '[Service]\\nIPAddressAllow=\\nIPAddressDeny=\\n' >"$root/etc/systemd/system/service.d/10-no-packet-filter.conf"
# A login on the console needs no password on the bench.
sed -i 's|^root:[^:]*:|root::|' "$root/etc/shadow"
# The package database describes the image, which no node changes: out of /var, of which each node has a copy.
mv "$root/var/lib/dpkg" "$root/usr/share/dpkg-database"
ln -s /usr/share/dpkg-database "$root/var/lib/dpkg"
rm -rf "$root/var/lib/apt" "$root/var/cache/apt" "$root/var/cache/debconf" "$root/var/log/apt"
# For nodes that have a local disk.
mkdir -p "$root/.sllocal/localmnt"
# Not older than /usr: units with ConditionNeedsUpdate= have nothing to do at each boot.
touch "$root/etc/.updated" "$root/var/.updated"
`;

/** What every image of the bench has. */
export const baseImage: ImageDefinition = {
  // udev for devices and the getty on the console, dbus for logind and systemctl, sshd because /etc/ssh is in every litefile table.
  packages: ["systemd-sysv", "udev", "dbus", "iproute2", "kmod", "mount", "openssh-server", "rsyslog"],
  customise: CUSTOMISE,
};

/** Documentation and translations: nobody reads them on a node. */
export const dpkgOptions: readonly string[] = [
  "path-exclude=/usr/share/doc/*",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/locale/*",
];
