import fc from "fast-check";
import invariant from "tiny-invariant";
import { formatDiskOp, type PlannedPart } from "../../agent/localdisk/op.ts";
import { readPartitionFile } from "../../agent/localdisk/partition-file.ts";
import { type BlockDevice, type FormatFile, planDisks } from "../../agent/localdisk/plan.ts";
import type { Signature } from "../../agent/localdisk/signature.ts";
import { ENDS, tableBytes } from "../../agent/localdisk/tables.ts";
import { mutated } from "./mutate.ts";
import { checkHarmless, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const samples = [
  "type=format\nenable=yes\nenablepart=yes\n\n[disk]\ndev=/dev/sda\nclear=yes\nptype=gpt\nfstype=xfs\nparts=100M-200M,1G-20G,50,25\n\n[disk]\ndev=/dev/nvme0n1\nparts=100\n\n[localspace]\ndev=/dev/sda1\nfstype=ext4\n\n[swapspace]\ndev=/dev/sda2\n",
  "type=script\n#!/bin/sh\nmkfs /dev/sda\n",
  "type=format\nError: Could not read the file",
];
const tokens = [
  ...[
    "\n",
    "=",
    ",",
    "-",
    "[disk]\n",
    "[swapspace]\n",
    "[localspace]\n",
    "[x]\n",
    "dev=/dev/sda\n",
    "parts=1-2,3-4\n",
  ],
  ...[
    "enable=yes\n",
    "/dev/disk/by-id/x",
    "/dev/../etc",
    "0",
    "100",
    "999999999T",
    "1MiB",
    "%",
    "clear=yes\n",
  ],
  ...["ptype=msdos\n", "/dev/sda1", "/dev/sdb", "$(reboot)"],
];
const signature: fc.Arbitrary<Signature> = fc.constantFrom(
  { kind: "blank" },
  { kind: "swap" },
  { kind: "unknown" },
  { kind: "filesystem", type: "ext3" },
  { kind: "table", type: "gpt" },
  { kind: "other", what: "a physical volume of LVM" },
);
const GIB = 2 ** 30;
/** What is there: a disk with a partition or without, and another disk. */
const devices = fc
  .record({
    size: fc.constantFrom(0, 512, 3 << 20, 40 * GIB, 16_000 * GIB),
    on: signature,
    at: signature,
    parted: fc.boolean(),
  })
  .map(({ size, on, at, parted }) => {
    const partitions = parted ? ["/dev/sda1"] : [];
    const found: BlockDevice[] = [
      { device: "/dev/sda", size, partitions, signature: on },
      { device: "/dev/nvme0n1", size: 500_107_862_016, partitions: [], signature: at },
      ...partitions.map((device) => ({
        device,
        size: size / 2,
        disk: "/dev/sda",
        partitions: [],
        signature: at,
      })),
    ];
    return new Map(found.map((device) => [device.device, device]));
  });

export default pureTarget(
  {
    name: "partition",
    about:
      "Partition files: problems, or a plan that keeps to the disk and loses nothing it was not told to.",
    inputs: 100_000,
    share: 3000,
  },
  fc.record({ text: mutated(samples, tokens), lines: fc.boolean(), found: devices }),
  ({ text, lines, found }) => {
    const read = readPartitionFile(lines ? (text.match(/[^\n]*\n|[^\n]+$/g) ?? []) : text.split("\n"));
    if ("problems" in read) {
      for (const problem of read.problems) checkProblem(problem);
    } else if (read.file.kind === "format") checkPlan(read.file, found);
    else invariant(read.file.kind === "off" || text.includes("type=script"));
  },
);

function checkPlan(file: FormatFile, found: ReadonlyMap<string, BlockDevice>): void {
  const { ops, notes, problems } = planDisks(file, found);
  for (const problem of problems) checkProblem(problem);
  for (const note of notes) checkHarmless(note);
  invariant(problems.length === 0 || ops.length === 0, "all or nothing");
  for (const op of ops) {
    checkHarmless(formatDiskOp(op));
    invariant(/^\/dev\/[a-z][a-z0-9]*$/.test(op.device), op.device);
    if (op.kind === "mkfs" || op.kind === "mkswap")
      invariant(
        (file.repartition && found.get(op.device)?.signature.kind !== "filesystem") || isMade(op.device, ops),
      );
    if (op.kind !== "partition") continue;
    const disk = found.get(op.device);
    const section = file.disks.find(({ device }) => device === op.device);
    invariant(disk !== undefined && section !== undefined && file.repartition);
    invariant(
      section.clear || (disk.signature.kind === "blank" && disk.partitions.length === 0),
      "content is lost",
    );
    checkParts(op.parts, disk.size);
    const { first, last } = tableBytes({
      ...op,
      size: disk.size,
      block: 512,
      random: () => new Uint8Array(16),
    });
    invariant(first.length === ENDS && last.length === ENDS && first.readUInt16LE(510) === 0xaa55);
  }
}

/** In order, apart, and neither over the tables nor behind the end. */
function checkParts(parts: readonly PlannedPart[], size: number): void {
  let before = ENDS;
  for (const { start, end } of parts) {
    invariant(start % ENDS === 0 && end % ENDS === 0 && start >= before && end > start && end <= size - ENDS);
    before = end;
  }
}

function isMade(device: string, ops: ReturnType<typeof planDisks>["ops"]): boolean {
  return ops.some((op) => op.kind === "partition" && op.parts.some((part) => part.device === device));
}
