import { crc32 } from "node:zlib";
import type { PlannedPart } from "./op.ts";

/**
 * Partition tables as bytes: the master boot record, and GPT (UEFI specification 2.10, chapter 5). Written here
 * rather than by a program, because few images have one, and each understands sizes another way. Pure.
 */

export interface TableSpec {
  readonly table: "msdos" | "gpt";
  /** Bytes of the disk, and of one of its logical blocks. */
  readonly size: number;
  readonly block: number;
  readonly parts: readonly PlannedPart[];
  /** 16 random bytes, again and again: what disks and partitions are told apart by. */
  readonly random: () => Uint8Array;
}

/** What the first and the last mebibyte of the disk are to be: the tables, and zeros over all that was there. */
export interface TableBytes {
  readonly first: Buffer;
  readonly last: Buffer;
}

export const ENDS = 1 << 20;

const LINUX = { mbr: 0x83, gpt: "0fc63daf-8483-4772-8e79-3d69d8477de4" } as const;
const SWAP = { mbr: 0x82, gpt: "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" } as const;

export function tableBytes(spec: TableSpec): TableBytes {
  const bytes = { first: Buffer.alloc(ENDS), last: Buffer.alloc(ENDS) };
  if (spec.table === "msdos") writeMbr(spec, bytes.first);
  else writeGpt(spec, bytes);
  return bytes;
}

const ENTRIES_AT = 446;
const BOOT_MARK = 0xaa55;

function writeMbr({ parts, block, random }: TableSpec, to: Buffer): void {
  // The disk's own number, by which kernels and boot loaders tell disks apart.
  to.set(random().subarray(0, 4), 440);
  for (const { number, start, end, swap } of parts) {
    writeMbrEntry(to, number - 1, (swap ? SWAP : LINUX).mbr, start / block, (end - start) / block);
  }
  to.writeUInt16LE(BOOT_MARK, 510);
}

function writeMbrEntry(to: Buffer, index: number, type: number, start: number, blocks: number): void {
  const at = ENTRIES_AT + index * 16;
  // Cylinders, heads and sectors at their end: "see the numbers behind".
  to.set([0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], at);
  to.writeUInt32LE(start, at + 8);
  to.writeUInt32LE(blocks, at + 12);
}

const GPT_HEADER = 92;
const GPT_ENTRIES = 128;
const GPT_ENTRY = 128;

function writeGpt(spec: TableSpec, { first, last }: TableBytes): void {
  const { size, block, parts, random } = spec;
  const blocks = Math.floor(size / block);
  // One partition over everything keeps old programs from taking the disk for empty.
  writeMbrEntry(first, 0, 0xee, 1, Math.min(blocks - 1, 0xffffffff));
  first.writeUInt16LE(BOOT_MARK, 510);
  const entries = Buffer.alloc(GPT_ENTRIES * GPT_ENTRY);
  for (const part of parts)
    writeGptEntry(entries.subarray((part.number - 1) * GPT_ENTRY), part, block, random());
  const tableBlocks = Math.ceil(entries.length / block);
  const disk = random();
  const header = (here: number, there: number, table: number) =>
    gptHeader({ here, there, table, first: 2 + tableBlocks, last: blocks - 2 - tableBlocks, disk, entries });
  first.set(header(1, blocks - 1, 2), block);
  first.set(entries, 2 * block);
  // The second copy ends with the disk, which may not be a whole number of mebibytes.
  const end = ENDS;
  last.set(entries, end - (1 + tableBlocks) * block);
  last.set(header(blocks - 1, 1, blocks - 1 - tableBlocks), end - block);
}

function writeGptEntry(to: Buffer, { start, end, swap }: PlannedPart, block: number, id: Uint8Array): void {
  to.set(guidBytes((swap ? SWAP : LINUX).gpt), 0);
  to.set(randomGuid(id), 16);
  to.writeBigUInt64LE(BigInt(start / block), 32);
  to.writeBigUInt64LE(BigInt(end / block - 1), 40);
}

interface GptHeader {
  readonly here: number;
  readonly there: number;
  readonly table: number;
  readonly first: number;
  readonly last: number;
  readonly disk: Uint8Array;
  readonly entries: Buffer;
}

function gptHeader({ here, there, table, first, last, disk, entries }: GptHeader): Buffer {
  const header = Buffer.alloc(GPT_HEADER);
  header.write("EFI PART", 0, "latin1");
  header.writeUInt32LE(0x10000, 8);
  header.writeUInt32LE(GPT_HEADER, 12);
  for (const [at, value] of [
    [24, here],
    [32, there],
    [40, first],
    [48, last],
    [72, table],
  ] as const) {
    header.writeBigUInt64LE(BigInt(value), at);
  }
  header.set(randomGuid(disk), 56);
  header.writeUInt32LE(GPT_ENTRIES, 80);
  header.writeUInt32LE(GPT_ENTRY, 84);
  header.writeUInt32LE(crc32(entries), 88);
  // Of the header with zeros in this very place.
  header.writeUInt32LE(crc32(header), 16);
  return header;
}

/** The first three groups are little-endian numbers. */
function guidBytes(text: string): Buffer {
  const plain = Buffer.from(text.replaceAll("-", ""), "hex");
  return Buffer.concat([
    plain.subarray(0, 4).reverse(),
    plain.subarray(4, 6).reverse(),
    plain.subarray(6, 8).reverse(),
    plain.subarray(8),
  ]);
}

/** Version 4 (RFC 9562), in the order in which GPT stores it. */
function randomGuid(random: Uint8Array): Buffer {
  const bytes = Buffer.from(random.subarray(0, 16));
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

const SWAP_MAGIC = "SWAPSPACE2";

/** The first page of a swap space, as mkswap(8) writes it (linux/swap.h, union swap_header). */
export function swapHeader(size: number, page: number, random: Uint8Array): Buffer {
  const header = Buffer.alloc(page);
  header.writeUInt32LE(1, 1024);
  header.writeUInt32LE(Math.min(Math.floor(size / page) - 1, 0xffffffff), 1028);
  // A UUID in the order of its text, other than in GPT.
  const id = Buffer.from(random.subarray(0, 16));
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x40;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  header.set(id, 1036);
  header.write(SWAP_MAGIC, page - SWAP_MAGIC.length, "latin1");
  return header;
}
