import type { FileSystem } from "./partition-file.ts";

/** One step of what is done to the local disks, as data: said before it is done. */
export type DiskOp =
  /** A new partition table, with these partitions and no others. */
  | {
      readonly kind: "partition";
      readonly device: string;
      readonly table: "msdos" | "gpt";
      readonly parts: readonly PlannedPart[];
      /** What is lost by it, for people. */
      readonly loses: string;
    }
  | { readonly kind: "mkfs"; readonly device: string; readonly fileSystem: FileSystem }
  | { readonly kind: "mkswap"; readonly device: string }
  | { readonly kind: "mount"; readonly device: string; readonly type: string; readonly at: string }
  | { readonly kind: "swapon"; readonly device: string };

/** In bytes; both ends are multiples of a mebibyte. */
export interface PlannedPart {
  /** `/dev/sda1`. */
  readonly device: string;
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly swap: boolean;
}

/** Whether it takes something away that was there before. */
export function isDestructive(op: DiskOp): boolean {
  return op.kind === "partition" || op.kind === "mkfs" || op.kind === "mkswap";
}

/** The line in `statelite.log`, on the console before a destructive step, and the head of an error. */
export function formatDiskOp(op: DiskOp): string {
  switch (op.kind) {
    case "partition": {
      const parts = op.parts.map(
        ({ number, start, end }) => `${number}: ${mebibytes(start)}-${mebibytes(end)} MiB`,
      );
      return `partition ${op.device} (${op.table}) ${parts.join(", ")}; lost is: ${op.loses}`;
    }
    case "mkfs":
      return `mkfs ${op.fileSystem} ${op.device}`;
    case "mkswap":
      return `mkswap ${op.device}`;
    case "mount":
      return `mount ${op.device} (${op.type}) -> ${op.at}`;
    case "swapon":
      return `swapon ${op.device}`;
    default:
      return op satisfies never;
  }
}

function mebibytes(bytes: number): number {
  return bytes / (1 << 20);
}
