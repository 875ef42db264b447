import { existsSync, promises as fs, readdirSync, readFileSync, realpathSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { withDeadline } from "../concurrency.ts";
import type { BlockDevice, FormatFile } from "./plan.ts";
import { SIGNATURE_BYTES, signatureOf } from "./signature.ts";

/** What there is of block devices: looked at, not changed (sysfs, Documentation/ABI/stable/sysfs-block). */

const SYSFS = "/sys/class/block";
/** /sys counts in these, whatever the disk's own blocks are. */
const SYSFS_SECTOR = 512;

/** Disks behind slow controllers and expanders come up late. */
const APPEAR_SECONDS = 30;
/** Its partitions are read before anybody is told of a disk. */
const PARTITION_SECONDS = 1;
/** A disk that is about to fail answers late, or never. */
const READ_SECONDS = 60;

/** Waits for the disks that a partition file names, and looks at those of its devices that are there. */
export async function findDevices(
  file: FormatFile,
  seconds = APPEAR_SECONDS,
): Promise<ReadonlyMap<string, BlockDevice>> {
  const disks = file.disks.map((disk) => disk.device);
  const used = [...(file.localSpace === undefined ? [] : [file.localSpace.device]), ...file.swap];
  const named = [...new Set([...(file.repartition ? disks : []), ...used])];
  await waitFor(named.map(diskOf), seconds);
  // Partitions come with their disk, but for those that are still to be made.
  const made = named.filter((device) => !file.repartition || !disks.includes(diskOf(device)));
  await waitFor(
    made.filter((device) => isThere(diskOf(device))),
    PARTITION_SECONDS,
  );
  const found = new Map<string, BlockDevice>();
  for (const device of named) {
    if (!isThere(device)) continue;
    found.set(device, await withDeadline(look(device), READ_SECONDS * 1000, `read ${device}`));
  }
  return found;
}

/** By the kernel's way to name partitions: `/dev/sda` for `/dev/sda1`, `/dev/nvme0n1` for `/dev/nvme0n1p1`. */
function diskOf(device: string): string {
  const [, disk] =
    /^(\/dev\/.*\d)p\d+$/.exec(device) ?? /^(\/dev\/(?:sd|vd|hd|xvd)[a-z]+)\d+$/.exec(device) ?? [];
  return disk ?? device;
}

/** Returns when all are there, or the time is over. */
export async function waitFor(devices: readonly string[], seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!devices.every(isThere) && performance.now() < end) await Bun.sleep(100);
}

/** Known to the kernel, and with its node in /dev. */
function isThere(device: string): boolean {
  return existsSync(device) && existsSync(`${SYSFS}/${basename(device)}`);
}

async function look(device: string): Promise<BlockDevice> {
  const name = basename(device);
  const size = Number(readFileSync(`${SYSFS}/${name}/size`, "utf8")) * SYSFS_SECTOR;
  const parent = existsSync(`${SYSFS}/${name}/partition`)
    ? { disk: `/dev/${basename(dirname(realpathSync(`${SYSFS}/${name}`)))}` }
    : {};
  const handle = await fs.open(device, "r");
  try {
    const head = await readAt(handle, 0, Math.min(size, SIGNATURE_BYTES));
    const tail = await readAt(handle, Math.max(0, size - SIGNATURE_BYTES), Math.min(size, SIGNATURE_BYTES));
    return { device, size, ...parent, partitions: partitionsOf(name), signature: signatureOf(head, tail) };
  } finally {
    await handle.close();
  }
}

function partitionsOf(disk: string): string[] {
  return readdirSync(`${SYSFS}/${disk}`)
    .filter((name) => existsSync(`${SYSFS}/${disk}/${name}/partition`))
    .map((name) => `/dev/${name}`)
    .sort();
}

/** The numbers of a disk's partitions, as the kernel knows them now. */
export function partitionNumbers(disk: string): number[] {
  return partitionsOf(basename(disk)).map((device) =>
    Number(readFileSync(`${SYSFS}/${basename(device)}/partition`, "utf8")),
  );
}

/** Bytes of a device, and of one of its logical blocks. */
export function geometry(device: string): { readonly size: number; readonly block: number } {
  const at = `${SYSFS}/${basename(device)}`;
  const disk = existsSync(`${at}/partition`) ? dirname(realpathSync(at)) : at;
  return {
    size: Number(readFileSync(`${at}/size`, "utf8")) * SYSFS_SECTOR,
    block: Number(readFileSync(`${disk}/queue/logical_block_size`, "utf8")),
  };
}

/**
 * All of so many bytes. Of a disk that vanishes meanwhile there are fewer, and what is missing of them is not empty.
 * @throws Error where there are fewer
 */
export async function readAt(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await handle.read(buffer, done, bytes - done, at + done);
    if (bytesRead === 0) throw new Error(`it ends after ${at + done} bytes, ${at + bytes} were wanted`);
    done += bytesRead;
  }
  return buffer;
}

const AT_PAGESZ = 6n;

/** The size of this kernel's pages, which a swap space has to fit (getauxval(3)). */
export function pageSize(): number {
  const auxv = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    if (auxv.readBigUInt64LE(at) === AT_PAGESZ) return Number(auxv.readBigUInt64LE(at + 8));
  }
  return 4096;
}
