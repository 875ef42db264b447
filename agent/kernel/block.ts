import { SYS } from "./constants.ts";
import { SystemError } from "./errno.ts";
import { ioctl } from "./ioctl.ts";
import { check, cstring, libc, ptr } from "./libc.ts";

/** Block devices: what the kernel knows of their partitions, and swapping on them. */

/** linux/blkpg.h. */
const BLKPG = 0x1269;
const ADD_PARTITION = 1;
const DEL_PARTITION = 2;
/** struct blkpg_partition: start, length, number, two names of 64 bytes, padding. */
const PARTITION_BYTES = 152;

/** One partition, in bytes of the disk. */
export interface PartitionRange {
  readonly number: number;
  readonly start: number;
  readonly length: number;
}

/**
 * Tells the kernel which partitions an open disk has, the old ones forgotten, whatever table it reads by itself.
 * A partition that is in use cannot be forgotten (EBUSY). @throws SystemError
 */
export function setPartitions(disk: number, old: readonly number[], parts: readonly PartitionRange[]): void {
  for (const number of old) {
    try {
      blkpg(disk, DEL_PARTITION, { number, start: 0, length: 0 });
    } catch (error) {
      // There is none of that number any more.
      if (!(error instanceof SystemError) || error.code !== "ENXIO") throw error;
    }
  }
  for (const part of parts) blkpg(disk, ADD_PARTITION, part);
}

function blkpg(disk: number, op: number, { number, start, length }: PartitionRange): void {
  const partition = Buffer.alloc(PARTITION_BYTES);
  partition.writeBigInt64LE(BigInt(start), 0);
  partition.writeBigInt64LE(BigInt(length), 8);
  partition.writeInt32LE(number, 16);
  const argument = Buffer.alloc(24);
  argument.writeInt32LE(op, 0);
  argument.writeInt32LE(PARTITION_BYTES, 8);
  argument.writeBigUInt64LE(BigInt(ptr(partition)), 16);
  ioctl(disk, BLKPG, ptr(argument), `BLKPG, ${op === ADD_PARTITION ? "add" : "delete"} ${number}`);
}

/** swapon(2), with the priority that the kernel chooses. @throws SystemError */
export function swapOn(path: string): void {
  const p = cstring(path);
  check(libc.syscall(SYS.swapon, ptr(p), 0, 0, 0, 0, 0), () => `swapon(${path})`);
}
