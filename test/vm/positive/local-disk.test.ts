import { expect, test } from "bun:test";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../../../qemu/lab.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

const PARTITION_FILE = `enable=yes
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

const DISK_BYTES = 256 * 2 ** 20;

test("a local disk is partitioned, formatted and used at the first boot, and kept at the second", async () => {
  await using lab = await openLab({ name: "local-disk", tables: withLocalDisk });
  const disk = join(lab.directory, "disk");
  writeFileSync(disk, "");
  truncateSync(disk, DISK_BYTES);
  const first = await boot(lab, disk);
  expect(first.contents["/srv/scratch/README"]).toBe("from the image\n");
  expect(first.contents["/srv/scratch/note"]).toContain("No such file");
  expect(first.stateliteLog).toContain("partition /dev/vda (gpt)");
  const second = await boot(lab, disk);
  expect(second.contents["/srv/scratch/note"]).toStartWith("written by boot ");
  expect(second.stateliteLog).toContain("/dev/vda is left as it is: it holds 3 partitions");
});

async function boot(lab: Lab, disk: string) {
  const n01 = lab.boot("n01", { PARTITION_RH: true }, { disks: [disk] });
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.failedUnits).toBe("");
  expect(guest.mountinfo).toMatch(/ \/\.sllocal\/localmnt rw\S* .*- ext4 \/dev\/vda1 rw/);
  expect(guest.mountinfo).toMatch(/ \/srv\/scratch rw\S* .*- ext4 \/dev\/vda1 rw/);
  expect(guest.writes["/srv/scratch/note"]).toBe("");
  // A quarter of the disk, less a page for the header.
  expect(guest.meminfo).toMatch(/^SwapTotal: +65532 kB$/m);
  await n01.kill();
  return guest;
}

/** The rows that an administrator adds: the partition file, leave to ask for it, and a directory on the disk. */
function withLocalDisk(folder: string): void {
  const file = join(folder, "partition-file");
  writeFileSync(file, PARTITION_FILE);
  const image = "debian12-x86_64-statelite-compute";
  writeFileSync(
    join(folder, "linuximage.csv"),
    `#imagename,partitionfile,comments,disable\n"${image}","${file}",,\n`,
  );
  appendFileSync(join(folder, "policy.csv"), '"7.1",,,"getpartition",,,,"allow",,\n');
  const litefile = join(folder, "litefile.csv");
  const rows = readFileSync(litefile, "utf8").replace(
    '"/srv/scratch/","tmpfs"',
    '"/srv/scratch/","localdisk"',
  );
  writeFileSync(litefile, rows);
}
