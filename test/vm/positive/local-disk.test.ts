import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GuestFindings } from "../../../qemu/demo/documents.ts";
import type { Lab } from "../../../qemu/lab.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

const FORMAT = `enable=yes
enablepart=yes
[disk]
dev=/dev/vda
ptype=gpt
parts=50,25,25
[localspace]
dev=/dev/vda1
fstype=ext4
[swapspace]
dev=/dev/vda2
`;

/** By the image's tools at the first boot; later ones find the file system. */
const SCRIPT = `set -e
modprobe virtio_blk
modprobe ext4
if ! mount -t ext4 /dev/vda "$STATELITE_LOCALMNT" 2>/dev/null; then
  echo "making a file system for $NODE"
  mount --bind /dev "$STATELITE_ROOT/dev"
  chroot "$STATELITE_ROOT" mkfs.ext4 -q -F /dev/vda
  umount "$STATELITE_ROOT/dev"
  mount -t ext4 /dev/vda "$STATELITE_LOCALMNT"
fi
`;

const DISK_BYTES = 256 * 2 ** 20;

test("a local disk is partitioned, formatted and used at the first boot, and kept at the second", async () => {
  await using lab = await openLab({ name: "local-disk", tables: (folder) => withLocalDisk(folder, FORMAT) });
  const [first, second] = await bootTwice(lab);
  expect(first.stateliteLog).toContain("partition /dev/vda (gpt)");
  expect(second.stateliteLog).toContain("/dev/vda is left as it is: it holds 3 partitions");
  for (const guest of [first, second]) {
    expect(guest.mountinfo).toMatch(/ \/\.sllocal\/localmnt rw\S* .*- ext4 \/dev\/vda1 rw/);
    // A quarter of the disk, less a page for the header.
    expect(guest.meminfo).toMatch(/^SwapTotal: +65532 kB$/m);
  }
});

test("a local disk is set up by a script of the administrator's", async () => {
  await using lab = await openLab({
    name: "local-disk-script",
    tables: (folder) => withLocalDisk(folder, SCRIPT, "s:"),
  });
  const [first, second] = await bootTwice(lab);
  expect(first.stateliteLog).toContain("partition script: making a file system for n01");
  expect(second.stateliteLog).not.toContain("making a file system");
  for (const guest of [first, second])
    expect(guest.mountinfo).toMatch(/ \/\.sllocal\/localmnt rw\S* .*- ext4 \/dev\/vda rw/);
});

/** With an empty disk at first, and the power cut in between. */
async function bootTwice(lab: Lab): Promise<[GuestFindings, GuestFindings]> {
  const disk = join(lab.directory, "disk");
  writeFileSync(disk, "");
  truncateSync(disk, DISK_BYTES);
  const first = await boot(lab, disk);
  expect(first.contents["/srv/scratch/README"]).toBe("from the image\n");
  expect(first.contents["/srv/scratch/note"]).toContain("No such file");
  const second = await boot(lab, disk);
  expect(second.contents["/srv/scratch/note"]).toStartWith("written by boot ");
  return [first, second];
}

async function boot(lab: Lab, disk: string): Promise<GuestFindings> {
  const n01 = lab.boot("n01", { PARTITION_RH: true }, { disks: [disk] });
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.failedUnits).toBe("");
  expect(guest.mountinfo).toMatch(/ \/srv\/scratch rw\S* .*- ext4 \/dev\/vda1? rw/);
  expect(guest.writes["/srv/scratch/note"]).toBe("");
  await n01.kill();
  return guest;
}

/** The rows that an administrator adds: the partition file, leave to ask for it, and a directory on the disk. */
function withLocalDisk(folder: string, partitionFile: string, type = ""): void {
  const file = join(folder, "partition-file");
  writeFileSync(file, partitionFile);
  const image = "debian12-x86_64-statelite-compute";
  writeFileSync(
    join(folder, "linuximage.csv"),
    `#imagename,partitionfile,comments,disable\n"${image}","${type}${file}",,\n`,
  );
  appendFileSync(join(folder, "policy.csv"), '"7.1",,,"getpartition",,,,"allow",,\n');
  const litefile = join(folder, "litefile.csv");
  const rows = readFileSync(litefile, "utf8").replace(
    '"/srv/scratch/","tmpfs"',
    '"/srv/scratch/","localdisk"',
  );
  writeFileSync(litefile, rows);
}
