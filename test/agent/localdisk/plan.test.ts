import { describe, expect, test } from "bun:test";
import { formatDiskOp } from "../../../agent/localdisk/op.ts";
import { readPartitionFile } from "../../../agent/localdisk/partition-file.ts";
import { type BlockDevice, partitionDevice, planDisks } from "../../../agent/localdisk/plan.ts";
import type { Signature } from "../../../agent/localdisk/signature.ts";

const GIB = 1024 ** 3;
const BLANK: Signature = { kind: "blank" };
const ext4: Signature = { kind: "filesystem", type: "ext4" };
const swap: Signature = { kind: "swap" };
const gpt: Signature = { kind: "table", type: "gpt" };

/** Devices as a row writes them: what is on each, and how large a disk is. */
type Disks = Readonly<Record<string, Signature | readonly [Signature, bytes: number]>>;

function devices(disks: Disks): Map<string, BlockDevice> {
  const names = Object.keys(disks);
  return new Map(
    Object.entries(disks).map(([device, value]) => {
      const [signature, size] = "kind" in value ? [value, GIB] : value;
      const disk = names.find((other) => other !== device && device.startsWith(other));
      const partitions = names.filter((other) => other !== device && other.startsWith(device));
      return [device, { device, size, partitions, signature, ...(disk && { disk }) }];
    }),
  );
}

interface Row {
  readonly file: string;
  readonly disks: Disks;
  readonly ops?: readonly string[];
  readonly notes?: readonly string[];
  readonly problems?: readonly string[];
}

const USE = "[localspace]\ndev=/dev/sda1\n[swapspace]\ndev=/dev/sda2";
const disk = (more: string, use = USE) => `enablepart=yes\n[disk]\ndev=/dev/sda\n${more}\n${use}`;
const MOUNT = "mount /dev/sda1 (ext4) -> /.sllocal/localmnt";

const rows: Readonly<Record<string, Row>> = {
  "a blank disk is partitioned: what is swapped on becomes swap space, the rest file systems": {
    file: disk("parts=50,25,25"),
    disks: { "/dev/sda": BLANK },
    ops: [
      "partition /dev/sda (msdos) 1: 1-512 MiB, 2: 512-768 MiB, 3: 768-1023 MiB; lost is: nothing",
      "mkfs ext4 /dev/sda1",
      "mkswap /dev/sda2",
      "mkfs ext4 /dev/sda3",
      MOUNT,
      "swapon /dev/sda2",
    ],
  },
  "a disk that is to be partitioned is itself no local space": {
    file: disk("parts=100", "[localspace]\ndev=/dev/sda"),
    disks: { "/dev/sda": BLANK },
    problems: ["/dev/sda: it is to be partitioned: one of its parts was wanted, not the whole of it"],
  },
  "nor swap space": {
    file: disk("clear=yes\nparts=100", "[swapspace]\ndev=/dev/sda"),
    disks: { "/dev/sda": swap },
    problems: ["/dev/sda: it is to be partitioned: one of its parts was wanted, not the whole of it"],
  },
  "a disk whose ends are empty, but which has partitions, is not blank": {
    file: "enablepart=yes\n[localspace]\ndev=/dev/sda\n[swapspace]\ndev=/dev/sdb",
    disks: { "/dev/sda": BLANK, "/dev/sda1": ext4, "/dev/sdb": BLANK, "/dev/sdb1": ext4 },
    problems: [
      "/dev/sda: it holds 1 partitions (/dev/sda1); a file system (any) was wanted for [localspace]",
      "/dev/sdb: it holds 1 partitions (/dev/sdb1); swap space was wanted for [swapspace]",
    ],
  },
  "a device without a medium is not blank": {
    file: "enablepart=yes\n[localspace]\ndev=/dev/sda",
    disks: { "/dev/sda": [BLANK, 0] },
    problems: ["/dev/sda: it has no bytes at all; a file system (any) was wanted for [localspace]"],
  },
  "without clear=yes a disk with partitions is left as it is, and used": {
    file: disk("parts=50,50"),
    disks: { "/dev/sda": gpt, "/dev/sda1": ext4, "/dev/sda2": swap },
    ops: [MOUNT, "swapon /dev/sda2"],
    notes: ["/dev/sda is left as it is: it holds 2 partitions (/dev/sda1, /dev/sda2), and clear is not yes"],
  },
  "with clear=yes it is made anew, and what goes is said": {
    file: disk("clear=yes\nptype=gpt\nparts=50,50"),
    disks: { "/dev/sda": gpt, "/dev/sda1": ext4, "/dev/sda2": swap },
    ops: [
      "partition /dev/sda (gpt) 1: 1-512 MiB, 2: 512-1023 MiB; lost is: 2 partitions (/dev/sda1, /dev/sda2)",
      "mkfs ext4 /dev/sda1",
      "mkswap /dev/sda2",
      MOUNT,
      "swapon /dev/sda2",
    ],
  },
  "without enablepart=yes no disk is partitioned, whatever clear says": {
    file: `enablepart=no\n[disk]\ndev=/dev/sda\nclear=yes\nparts=50,50\n${USE}`,
    disks: { "/dev/sda": gpt, "/dev/sda1": ext4, "/dev/sda2": swap },
    ops: [MOUNT, "swapon /dev/sda2"],
    notes: ["enablepart is not yes: no disk is partitioned or formatted"],
  },
  "without enablepart=yes not even a blank partition is formatted": {
    file: USE,
    disks: { "/dev/sda": gpt, "/dev/sda1": BLANK, "/dev/sda2": BLANK },
    problems: [
      "/dev/sda1: it holds nothing; a file system (any) was wanted for [localspace]",
      "/dev/sda2: it holds nothing; swap space was wanted for [swapspace]",
    ],
  },
  "with it a blank partition gets what it is for": {
    file: `enablepart=yes\n${USE}`,
    disks: { "/dev/sda": gpt, "/dev/sda1": BLANK, "/dev/sda2": BLANK },
    ops: ["mkfs ext4 /dev/sda1", MOUNT, "mkswap /dev/sda2", "swapon /dev/sda2"],
  },
  "a partition that holds anything else is never formatted": {
    file: `enablepart=yes\n[localspace]\ndev=/dev/sda1\nfstype=xfs\n[swapspace]\ndev=/dev/sda2`,
    disks: { "/dev/sda": gpt, "/dev/sda1": ext4, "/dev/sda2": ext4 },
    problems: [
      "/dev/sda1: it holds a file system (ext4); a file system (xfs) was wanted for [localspace]",
      "/dev/sda2: it holds a file system (ext4); swap space was wanted for [swapspace]",
    ],
  },
  "what is of no known kind is taken for precious": {
    file: `enablepart=yes\n${USE}`,
    disks: {
      "/dev/sda": gpt,
      "/dev/sda1": { kind: "unknown" },
      "/dev/sda2": { kind: "other", what: "a physical volume of LVM" },
    },
    problems: [
      "/dev/sda1: it holds something of no known kind; a file system (any) was wanted for [localspace]",
      "/dev/sda2: it holds a physical volume of LVM; swap space was wanted for [swapspace]",
    ],
  },
  "a disk without partitions that holds a file system is left as it is": {
    file: disk("parts=100", ""),
    disks: { "/dev/sda": ext4 },
    ops: [],
    notes: ["/dev/sda is left as it is: it holds a file system (ext4), and clear is not yes"],
  },
  "a table in which the kernel sees no partition is left as it is": {
    file: disk("parts=100", ""),
    disks: { "/dev/sda": { kind: "table", type: "msdos" } },
    ops: [],
    notes: [
      "/dev/sda is left as it is: it holds a partition table (msdos) in which this kernel sees no partition, and clear is not yes",
    ],
  },
  "ext2, ext3 and ext4 are one family, mounted as what they are": {
    file: "[localspace]\ndev=/dev/sda1\nfstype=ext4",
    disks: { "/dev/sda": gpt, "/dev/sda1": { kind: "filesystem", type: "ext3" } },
    ops: ["mount /dev/sda1 (ext3) -> /.sllocal/localmnt"],
  },
  "the local space's own fstype goes before the disk's": {
    file: `enablepart=yes\n[disk]\ndev=/dev/sda\nfstype=xfs\nparts=50,50\n[localspace]\ndev=/dev/sda1\nfstype=ext3`,
    disks: { "/dev/sda": BLANK },
    ops: [
      "partition /dev/sda (msdos) 1: 1-512 MiB, 2: 512-1023 MiB; lost is: nothing",
      "mkfs ext3 /dev/sda1",
      "mkfs xfs /dev/sda2",
      "mount /dev/sda1 (ext3) -> /.sllocal/localmnt",
    ],
  },
  "ranges are rounded inwards to mebibytes": {
    file: disk("parts=0M-100M,100M-200M", "[localspace]\ndev=/dev/sda1"),
    disks: { "/dev/sda": BLANK },
    ops: [
      "partition /dev/sda (msdos) 1: 1-95 MiB, 2: 96-190 MiB; lost is: nothing",
      "mkfs ext4 /dev/sda1",
      "mkfs ext4 /dev/sda2",
      MOUNT,
    ],
  },
  "a percentage begins where the part before ends": {
    file: disk("parts=100MiB-200MiB,50", "[localspace]\ndev=/dev/sda1"),
    disks: { "/dev/sda": BLANK },
    ops: [
      "partition /dev/sda (msdos) 1: 100-200 MiB, 2: 200-512 MiB; lost is: nothing",
      "mkfs ext4 /dev/sda1",
      "mkfs ext4 /dev/sda2",
      MOUNT,
    ],
  },
  "parts of NVMe disks have a p in their names": {
    file: "enablepart=yes\n[disk]\ndev=/dev/nvme0n1\nparts=100\n[localspace]\ndev=/dev/nvme0n1p1",
    disks: { "/dev/nvme0n1": BLANK },
    ops: [
      "partition /dev/nvme0n1 (msdos) 1: 1-1023 MiB; lost is: nothing",
      "mkfs ext4 /dev/nvme0n1p1",
      "mount /dev/nvme0n1p1 (ext4) -> /.sllocal/localmnt",
    ],
  },
  "where anything is wrong nothing is done, and all of it is said": {
    file: `${disk("parts=50,50")}\n[disk]\ndev=/dev/sdb\nparts=100\n[disk]\ndev=/dev/sdc\nparts=2G-3G`,
    disks: { "/dev/sda": BLANK, "/dev/sdc": BLANK },
    problems: [
      "/dev/sdb: there is no such device on this node",
      "/dev/sdc: part 1: it ends at 3000000000, behind the disk's end at 1073741824",
    ],
  },
  "parts that overlap": {
    file: disk("parts=1M-100M,50M-200M", ""),
    disks: { "/dev/sda": BLANK },
    problems: ["/dev/sda: part 2: it begins before the one before it ends"],
  },
  "a part that is too small": {
    file: disk("parts=10M-10.5M", ""),
    disks: { "/dev/sda": BLANK },
    problems: ["/dev/sda: part 1: there is no room for it"],
  },
  "a disk that is too small": {
    file: disk("parts=100", ""),
    disks: { "/dev/sda": [BLANK, 1 << 20] },
    problems: ["/dev/sda: part 1: there is no room for it"],
  },
  "a large disk with a table of ptype=msdos": {
    file: disk("parts=100", ""),
    disks: { "/dev/sda": [BLANK, 3 * 1024 ** 4] },
    problems: ["/dev/sda: part 1: a table of ptype=msdos cannot reach that far (2 TiB): use ptype=gpt"],
  },
  "a partition in place of a disk": {
    file: "enablepart=yes\n[disk]\ndev=/dev/sda1\nparts=100",
    disks: { "/dev/sda": gpt, "/dev/sda1": BLANK },
    problems: ["/dev/sda1: it is a partition of /dev/sda, a whole disk was wanted"],
  },
  "a partition that the new table will not have": {
    file: disk("clear=yes\nparts=100", "[localspace]\ndev=/dev/sda2"),
    disks: { "/dev/sda": gpt, "/dev/sda1": ext4, "/dev/sda2": ext4 },
    problems: ["/dev/sda2: it is none of the 1 parts that /dev/sda is to have"],
  },
  "a local space that is not there": {
    file: "[localspace]\ndev=/dev/sda1",
    disks: {},
    problems: ["/dev/sda1: there is no such device on this node"],
  },
};

describe("the plan", () => {
  for (const [rule, { file: text, disks, ops = [], notes = [], problems = [] }] of Object.entries(rows)) {
    test(rule, () => {
      const read = readPartitionFile(["type=format", "enable=yes", text]);
      if (!("file" in read) || read.file.kind !== "format") throw new Error(JSON.stringify(read));
      const plan = planDisks(read.file, devices(disks));
      expect(plan.problems.map((problem) => `${problem.on}: ${problem.found}`)).toEqual([...problems]);
      expect(plan.ops.map(formatDiskOp)).toEqual([...ops]);
      if (problems.length === 0) expect(plan.notes).toEqual([...notes]);
      for (const problem of plan.problems) expect(problem.remedy).not.toBe("");
    });
  }
});

test("the kernel's names of partitions", () => {
  const names = ["/dev/sda", "/dev/nvme0n1", "/dev/mmcblk0", "/dev/loop0"].map((name) =>
    partitionDevice(name, 3),
  );
  expect(names).toEqual(["/dev/sda3", "/dev/nvme0n1p3", "/dev/mmcblk0p3", "/dev/loop0p3"]);
});
