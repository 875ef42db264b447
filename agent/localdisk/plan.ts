import type { Problem } from "../errors.ts";
import { LAYOUT } from "../plan/layout.ts";
import { type DiskOp, formatDiskOp, type PlannedPart } from "./op.ts";
import {
  CORRECT,
  type DiskSection,
  type FileSystem,
  type LocalSpace,
  type PartitionFile,
} from "./partition-file.ts";
import { describeSignature, type Signature } from "./signature.ts";

/** What becomes of the local disks. Pure: what is on them was looked at before. */

/** A block device as it was found. */
export interface BlockDevice {
  readonly device: string;
  /** Bytes. */
  readonly size: number;
  /** The disk that it is a partition of. */
  readonly disk?: string;
  /** Its partitions, where it is a disk. */
  readonly partitions: readonly string[];
  readonly signature: Signature;
}

export interface DiskPlan {
  /** In order. */
  readonly ops: readonly DiskOp[];
  /** What is left as it is, and why; for the log. */
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

export type FormatFile = Extract<PartitionFile, { kind: "format" }>;

/** Partitions begin and end there, and the first and last one of a disk are the tables'. */
export const MEBIBYTE = 1 << 20;

/** 32 bits of sectors: what a table of this kind can say. */
const MSDOS_SECTORS = 2 ** 32 - 1;
const SECTOR = 512;

/** Decides what is done to which device. @param found by name; a device that is not there is missing */
export function planDisks(file: FormatFile, found: ReadonlyMap<string, BlockDevice>): DiskPlan {
  return new Planner(file, found).plan();
}

class Planner {
  readonly #file: FormatFile;
  readonly #found: ReadonlyMap<string, BlockDevice>;
  readonly #ops: DiskOp[] = [];
  readonly #notes: string[] = [];
  readonly #problems: Problem[] = [];
  /** Partitions that there will be, by name, and what is made on them. */
  readonly #made = new Map<string, FileSystem | "swap">();
  /** Disks that cannot be had as the file wants them: their partitions are not asked for. */
  readonly #refused = new Set<string>();
  /** Disks whose old partitions will be gone. */
  readonly #cleared = new Set<string>();

  constructor(file: FormatFile, found: ReadonlyMap<string, BlockDevice>) {
    this.#file = file;
    this.#found = found;
  }

  plan(): DiskPlan {
    const { disks, repartition, localSpace, swap } = this.#file;
    if (repartition) for (const disk of disks) this.#disk(disk);
    else if (disks.length > 0) this.#notes.push("enablepart is not yes: no disk is partitioned or formatted");
    if (localSpace !== undefined) this.#localSpace(localSpace);
    for (const device of swap) this.#swap(device);
    // Whatever can fail for want of a device or a word is known before the first disk is touched.
    const ops = this.#problems.length > 0 ? [] : this.#ops;
    return { ops, notes: this.#notes, problems: this.#problems };
  }

  #disk(section: DiskSection): void {
    const disk = this.#found.get(section.device);
    if (disk === undefined) {
      this.#refused.add(section.device);
      this.#missing(section.device);
      return;
    }
    if (disk.disk !== undefined) {
      this.#refuse(section.device, `it is a partition of ${disk.disk}, a whole disk was wanted`);
      return;
    }
    const kept = section.clear ? undefined : whatToKeep(disk);
    if (kept !== undefined) {
      this.#notes.push(`${disk.device} is left as it is: it holds ${kept}, and clear is not yes`);
      return;
    }
    const parts = this.#layOut(section, disk);
    if (parts === undefined) {
      this.#refused.add(disk.device);
      return;
    }
    this.#cleared.add(disk.device);
    const loses = whatToKeep(disk) ?? "nothing";
    this.#ops.push({ kind: "partition", device: disk.device, table: section.table, parts, loses });
    for (const { device, swap } of parts) {
      const fileSystem =
        (this.#file.localSpace?.device === device && this.#file.localSpace.fileSystem) || section.fileSystem;
      this.#made.set(device, swap ? "swap" : fileSystem);
      this.#ops.push(swap ? { kind: "mkswap", device } : { kind: "mkfs", device, fileSystem });
    }
  }

  /** Nothing where it cannot be done; then there is a problem. */
  #layOut(section: DiskSection, disk: BlockDevice): readonly PlannedPart[] | undefined {
    const last = down(disk.size - MEBIBYTE);
    const problems = this.#problems.length;
    let before = MEBIBYTE;
    /** Of the disk, by the percentages so far. */
    let percent = 0;
    const parts = section.parts.map((part, index): PlannedPart => {
      const number = index + 1;
      const from = part.kind === "range" ? up(part.start) : before;
      if (part.kind === "percent") percent += part.percent;
      const to = part.kind === "range" ? down(part.end) : down((disk.size * percent) / 100);
      const [start, end] = [Math.max(MEBIBYTE, from), Math.min(last, to)];
      const reason =
        part.kind === "range" && part.end > disk.size
          ? `it ends at ${part.end}, behind the disk's end at ${disk.size}`
          : start < before
            ? "it begins before the one before it ends"
            : end - start < MEBIBYTE
              ? "there is no room for it"
              : section.table === "msdos" && end > MSDOS_SECTORS * SECTOR
                ? "a table of ptype=msdos cannot reach that far (2 TiB): use ptype=gpt"
                : undefined;
      if (reason !== undefined) this.#refuse(disk.device, `part ${number}: ${reason}`);
      before = Math.max(before, end);
      const device = partitionDevice(disk.device, number);
      return { device, number, start, end, swap: this.#file.swap.includes(device) };
    });
    return this.#problems.length > problems ? undefined : parts;
  }

  #localSpace({ device, fileSystem }: LocalSpace): void {
    const at = LAYOUT.localDisk;
    const fresh = this.#made.get(device);
    if (fresh !== undefined) {
      this.#ops.push({ kind: "mount", device, type: fresh, at });
      return;
    }
    const found = this.#existing(device);
    if (found === undefined) return;
    const { signature } = found;
    if (signature.kind === "filesystem" && sameFamily(signature.type, fileSystem ?? signature.type)) {
      this.#ops.push({ kind: "mount", device, type: signature.type, at });
    } else if (this.#mayBeMade(found)) {
      const made = fileSystem ?? "ext4";
      this.#ops.push({ kind: "mkfs", device, fileSystem: made }, { kind: "mount", device, type: made, at });
    } else {
      this.#refuseContent(found, `a file system (${fileSystem ?? "any"}) was wanted for [localspace]`);
    }
  }

  #swap(device: string): void {
    if (!this.#made.has(device)) {
      const found = this.#existing(device);
      if (found === undefined) return;
      if (this.#mayBeMade(found)) this.#ops.push({ kind: "mkswap", device });
      else if (found.signature.kind !== "swap") {
        this.#refuseContent(found, "swap space was wanted for [swapspace]");
        return;
      }
    }
    this.#ops.push({ kind: "swapon", device });
  }

  /** Whether it is as empty as a new one, and may get what it is wanted for. */
  #mayBeMade(found: BlockDevice): boolean {
    return this.#file.repartition && found.size > 0 && whatToKeep(found) === undefined;
  }

  /** A device that is there and will still be. */
  #existing(device: string): BlockDevice | undefined {
    if ([...this.#refused].some((disk) => isPartOf(device, disk))) return undefined;
    if (this.#cleared.has(device)) {
      this.#refuse(device, "it is to be partitioned: one of its parts was wanted, not the whole of it");
      return undefined;
    }
    const found = this.#found.get(device);
    if (found !== undefined && (found.disk === undefined || !this.#cleared.has(found.disk))) return found;
    this.#missing(device);
    return undefined;
  }

  #missing(device: string): void {
    const disk = [...this.#cleared].find((cleared) => isPartOf(device, cleared));
    const found =
      disk === undefined
        ? "there is no such device on this node"
        : `it is none of the ${this.#file.disks.find((d) => d.device === disk)?.parts.length ?? 0} parts that ${disk} is to have`;
    this.#problems.push(
      diskProblem(
        device,
        found,
        `${CORRECT}; or see whether the disk is there, and its driver in the initrd (--module)`,
      ),
    );
  }

  #refuse(device: string, found: string): void {
    this.#problems.push(diskProblem(device, found, CORRECT));
  }

  #refuseContent(found: BlockDevice, wanted: string): void {
    const content = whatToKeep(found);
    const holds = found.size === 0 ? "has no bytes at all" : `holds ${content ?? "nothing"}`;
    const remedy =
      content !== undefined
        ? "nothing was changed: set clear=yes and enablepart=yes for its disk for one boot if what is on it may go, or name another device"
        : found.size === 0
          ? "see whether there is a medium in it, or name another device"
          : "set enablepart=yes in the partition file for one boot";
    this.#problems.push(diskProblem(found.device, `it ${holds}; ${wanted}`, remedy));
  }
}

/** By its name alone. */
function isPartOf(device: string, disk: string): boolean {
  return device.startsWith(disk) && /^p?\d+$/.test(device.slice(disk.length));
}

/** A fatal problem with a device. */
export function diskProblem(device: string, found: string, remedy: string): Problem {
  return { class: "fatal", code: "local-disk", doing: "set up the local disks", on: device, found, remedy };
}

/** The same of one step. */
export function opProblem(op: DiskOp, found: string, remedy: string): Problem {
  return {
    ...diskProblem(op.device, `${formatDiskOp(op)}: ${found}`, remedy),
    code: `local-disk-${op.kind}`,
  };
}

/** What a disk holds that nobody may take away without being told to, in words; nothing where it is empty. */
function whatToKeep({ partitions, signature }: BlockDevice): string | undefined {
  if (partitions.length > 0) return `${partitions.length} partitions (${partitions.join(", ")})`;
  if (signature.kind === "blank") return undefined;
  // Perhaps it is empty; perhaps this kernel does not read tables of that kind.
  if (signature.kind === "table")
    return `${describeSignature(signature)} in which this kernel sees no partition`;
  return describeSignature(signature);
}

/** Whatever of the three it was made as, one driver mounts them all. */
function sameFamily(type: string, wanted: string): boolean {
  return type === wanted || (/^ext[234]$/.test(type) && /^ext[234]$/.test(wanted));
}

/** The kernel's name of a partition: `/dev/sda1`, `/dev/nvme0n1p1` (block/partitions/core.c). */
export function partitionDevice(disk: string, number: number): string {
  return `${disk}${/\d$/.test(disk) ? "p" : ""}${number}`;
}

function up(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE) * MEBIBYTE;
}

function down(bytes: number): number {
  return Math.floor(bytes / MEBIBYTE) * MEBIBYTE;
}
