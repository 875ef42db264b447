import { describe, expect, test } from "bun:test";
import { readPartitionFile } from "../../../agent/localdisk/partition-file.ts";

/** The lines of a file as the server sends them: each with its newline. */
function read(text: string, type = "type=format") {
  return readPartitionFile([type, ...text.split("\n").map((line) => `${line}\n`)]);
}

function found(text: string): string[] {
  const result = read(text);
  return "problems" in result ? result.problems.map((problem) => problem.found) : [];
}

const DISK = {
  device: "/dev/sda",
  clear: false,
  table: "msdos",
  fileSystem: "ext4",
  parts: [{ kind: "percent", percent: 10 }],
};
const on = (text: string) => `enable=yes\n${text}`;

describe("is understood", () => {
  const rows: Readonly<Record<string, readonly [string, object]>> = {
    "the documents' example": [
      `enable=yes
enablepart=no

[disk]
dev=/dev/sda
clear=yes
parts=10,20,30

[disk]
dev=/dev/sdb
clear=yes
parts=100M-200M,1G-2G

[disk]
dev=/dev/sdc
ptype=gpt
clear=yes
parts=10,20,30

[localspace]
dev=/dev/sda1
fstype=ext4

[swapspace]
dev=/dev/sda2`,
      {
        kind: "format",
        repartition: false,
        disks: [
          { ...DISK, clear: true, parts: [10, 20, 30].map((percent) => ({ kind: "percent", percent })) },
          {
            ...DISK,
            device: "/dev/sdb",
            clear: true,
            parts: [
              { kind: "range", start: 100e6, end: 200e6 },
              { kind: "range", start: 1e9, end: 2e9 },
            ],
          },
          {
            ...DISK,
            device: "/dev/sdc",
            clear: true,
            table: "gpt",
            parts: [10, 20, 30].map((percent) => ({ kind: "percent", percent })),
          },
        ],
        localSpace: { device: "/dev/sda1", fileSystem: "ext4" },
        swap: ["/dev/sda2"],
      },
    ],
    "blanks, comments, carriage returns and capitals": [
      "# by hand\r\nenable = YES\r\n\r\n[ disk ]\r\n  dev = /dev/sda\r\nparts = 10\r\n",
      { kind: "format", repartition: false, disks: [DISK], swap: [] },
    ],
    "only swap": [
      on("[swapspace]\ndev=/dev/sda2\n[swapspace]\ndev=/dev/sdb"),
      { disks: [], swap: ["/dev/sda2", "/dev/sdb"] },
    ],
    "a file system of its own": [
      on("[disk]\ndev=/dev/sda\nparts=10\nfstype=xfs"),
      { disks: [{ ...DISK, fileSystem: "xfs" }] },
    ],
    "sizes with and without units": [
      on("[disk]\ndev=/dev/sda\nparts=1-2,1.5G-2TB,4MiB-1GiB,1K-2M"),
      {
        disks: [
          {
            parts: [
              { start: 1e6, end: 2e6 },
              { start: 1.5e9, end: 2e12 },
              { start: 4 * 1024 ** 2, end: 1024 ** 3 },
              { start: 1000, end: 2e6 },
            ],
          },
        ],
      },
    ],
    "percentages with the sign, and parts of one": [
      on("[disk]\ndev=/dev/sda\nparts=10%, 12.5"),
      { disks: [{ parts: [10, 12.5].map((percent) => ({ kind: "percent", percent })) }] },
    ],
    "enable=no, and then nothing else": ["enable=no\n[disk]\ndev=/dev/sda\nparts=1", { kind: "off" }],
    "no enable at all is no": ["[disk]\ndev=/dev/sda\nparts=1", { kind: "off" }],
    "an empty file": ["", { kind: "off" }],
  };
  for (const [what, [text, file]] of Object.entries(rows)) {
    test(what, () => expect(read(text)).toMatchObject({ file }));
  }

  test("a script, word for word", () => {
    const result = readPartitionFile(["type=script", "#!/bin/sh\n", "\n", "echo '[disk]'"]);
    expect(result).toEqual({ file: { kind: "script", text: "#!/bin/sh\n\necho '[disk]'\n" } });
  });
});

describe("is refused", () => {
  const disk = (more: string) => on(`[disk]\ndev=/dev/sda\n${more}`);
  const rows: Readonly<Record<string, readonly [string, string]>> = {
    "a word that is none": ["enable=maybe", "line 1: enable=maybe: yes, no was wanted"],
    "a line that is no setting": [on("hello"), 'line 2: "hello" is no key=value'],
    "a section that there is not": [on("[disc]\ndev=/dev/sda"), "line 2: there is no section [disc]"],
    "a key in the wrong section": [
      on("[swapspace]\ndev=/dev/sda2\nfstype=ext4"),
      "line 4: fstype means nothing in [swapspace]",
    ],
    "a misspelt key": [disk("parts=1\nclera=yes"), "line 5: clera means nothing in [disk]"],
    "a key at the wrong place": [on("clear=yes"), "line 2: clear means nothing before the first section"],
    "a key twice": [disk("parts=1\nclear=no\nclear=yes"), "line 6: clear stands there twice in [disk]"],
    "no dev": [on("[localspace]\nfstype=ext4"), "line 2: [localspace] has no dev"],
    "no parts": [on("[disk]\ndev=/dev/sda"), "line 2: [disk] has no parts"],
    "a path that is no device": [
      on("[swapspace]\ndev=/dev/../etc/shadow"),
      "line 3: dev=/dev/../etc/shadow is no block device's name",
    ],
    "a name that udev makes": [
      on("[swapspace]\ndev=/dev/disk/by-id/ata-1"),
      "line 3: /dev/disk/by-id/ata-1: such names are made later in the boot, here the kernel's own is wanted (/dev/sda)",
    ],
    "a file system nobody makes": [
      disk("parts=1\nfstype=zfs"),
      "line 5: fstype=zfs: ext2, ext3, ext4, xfs, btrfs was wanted",
    ],
    "more than the whole disk": [disk("parts=50,60"), "line 4: the parts add up to 110 % of the disk"],
    "a part of nothing": [
      disk("parts=0"),
      'line 4: "0" is no part: 100M-10G, or 50 for half of the disk, was wanted',
    ],
    "a part that ends before it begins": [
      disk("parts=2G-1G"),
      'line 4: "2G-1G" is no part: 100M-10G, or 50 for half of the disk, was wanted',
    ],
    "a part without an end": [
      disk("parts=1G-"),
      'line 4: "1G-" is no part: 100M-10G, or 50 for half of the disk, was wanted',
    ],
    "an empty part": [
      disk("parts=10,"),
      'line 4: "" is no part: 100M-10G, or 50 for half of the disk, was wanted',
    ],
    "a fifth part of an msdos table": [
      disk("parts=1,1,1,1,1"),
      "line 2: 5 parts, of which ptype=msdos has room for 4: use ptype=gpt",
    ],
    "200 parts": [disk(`ptype=gpt\nparts=${"0.1,".repeat(199)}0.1`), "line 5: more than 128 parts"],
    "one disk twice": [
      on("[disk]\ndev=/dev/sda\nparts=1\n[disk]\ndev=/dev/sda\nparts=2"),
      "/dev/sda is the dev of two [disk] sections",
    ],
    "a second local space": [
      on("[localspace]\ndev=/dev/sda1\n[localspace]\ndev=/dev/sda2"),
      "line 4: a second [localspace]: there is one local space",
    ],
    "local space and swap space at once": [
      on("[localspace]\ndev=/dev/sda1\n[swapspace]\ndev=/dev/sda1"),
      "line 2: /dev/sda1 cannot be both local space and swap space",
    ],
  };
  for (const [what, [text, message]] of Object.entries(rows))
    test(what, () => expect(found(text)).toEqual([message]));

  test("all that is wrong at once", () => {
    expect(found(on("nonsense\n[disk]\nparts=x\n[swapspace]"))).toEqual([
      'line 2: "nonsense" is no key=value',
      'line 4: "x" is no part: 100M-10G, or 50 for half of the disk, was wanted',
      "line 3: [disk] has no dev",
      "line 5: [swapspace] has no dev",
    ]);
  });

  const answers: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    "a file that the server cannot read": [
      ["type=format", "Error: Could not read the file"],
      /the server says: Error: Could not read/,
    ],
    "an image without one": [["Error: No entry in linuximage table"], /No entry in linuximage table/],
    "no answer at all": [[], /the server knows this node, or its partition file, not/],
    "another type": [["type=magic"], /its first line is "type=magic"/],
  };
  for (const [what, [replies, message]] of Object.entries(answers)) {
    test(what, () => {
      const result = readPartitionFile(replies);
      expect("problems" in result ? result.problems[0].found : "").toMatch(message);
    });
  }
});
