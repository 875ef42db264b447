import {
  type ArchiveEntry,
  type ArchiveSink,
  type ByteString,
  byteString,
  cleanPath,
  EntryCount,
  LIMITS,
  readable,
} from "./archive.ts";
import { ArchiveError, exactly, type FormatReader, pass, type Want } from "./incremental.ts";
import { type PaxRecords, readPax, sparse } from "./pax.ts";

/**
 * tar archives: ustar and pax (POSIX.1-2017, pax, "ustar Interchange Format"), and what GNU tar adds to them
 * (tar(5)): long names, numbers in base 256.
 */

const BLOCK = 512;
const ZEROS = Buffer.alloc(BLOCK);
/** Where in a header the time is. */
const MTIME = 136;

/** What headers before a member said of it. */
interface Ahead {
  readonly pax: PaxRecords;
  readonly name?: ByteString;
  readonly target?: ByteString;
}

export function* readTar(sink: ArchiveSink): FormatReader {
  const count = new EntryCount();
  let global: PaxRecords = { xattrs: [] };
  let ahead: Ahead = { pax: global };
  for (;;) {
    const bytes = yield exactly(BLOCK);
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, BLOCK);
    // Two blocks of zeros are the end; what writers leave out of them is the second one, if any.
    if (block.equals(ZEROS)) return;
    const index = count.next();
    checkSum(block, index);
    const type = String.fromCharCode(block[156] ?? 0);
    const size = ahead.pax.size ?? readNumeric(block, 124, 12, index);
    switch (type) {
      case "x":
        ahead = { ...ahead, pax: readPax(yield* readMeta(size, index), ahead.pax) };
        break;
      case "g":
        global = readPax(yield* readMeta(size, index), global);
        ahead = { ...ahead, pax: global };
        break;
      case "L":
        ahead = { ...ahead, name: byteString(yield* readMeta(size, index)) };
        break;
      case "K":
        ahead = { ...ahead, target: byteString(yield* readMeta(size, index)) };
        break;
      case "V":
        yield* pass(size, padding(size), () => undefined); // A label.
        break;
      case "S":
        throw sparse();
      default:
        yield* readMember(describe(block, type, size, ahead, index), sink);
        ahead = { pax: global };
    }
  }
}

/** The content of an extended header. Copied: it outlives what it came in. */
function* readMeta(size: number, index: number): Generator<Want, Uint8Array, Uint8Array> {
  if (size < 1 || size > LIMITS.header) {
    throw new ArchiveError(`member ${index} has an extended header of ${size} bytes`);
  }
  return (yield exactly(size + padding(size))).slice(0, size);
}

function* readMember(entry: ArchiveEntry, sink: ArchiveSink): FormatReader {
  sink.begin(entry);
  if (entry.kind === "file") yield* pass(entry.size, padding(entry.size), (bytes) => sink.content(bytes));
  sink.end();
}

function describe(
  block: Buffer,
  type: string,
  size: number,
  { pax, name, target }: Ahead,
  index: number,
): ArchiveEntry {
  const field = (at: number, length: number) => byteString(block.subarray(at, at + length));
  const number = (at: number, length: number) => readNumeric(block, at, length, index);
  const raw = pax.path ?? name ?? headerPath(block);
  const path = cleanPath(raw);
  const base = {
    path,
    mode: number(100, 8) & 0o7777,
    uid: pax.uid ?? number(108, 8),
    gid: pax.gid ?? number(116, 8),
    mtimeNs: pax.mtimeNs ?? BigInt(number(MTIME, 12)) * 1_000_000_000n,
    xattrs: pax.xattrs,
  };
  const link = () => pax.linkpath ?? target ?? field(157, 100);
  switch (type) {
    case "0":
    case "\0":
    case "7":
      // Before POSIX a directory was a file whose name ends in a slash.
      return raw.endsWith("/") ? { ...base, kind: "directory" } : { ...base, kind: "file", size };
    case "1":
      return { ...base, kind: "hardlink", target: cleanPath(link()), size: 0 };
    case "2": {
      const to = link();
      if (to === "" || to.length >= LIMITS.path)
        throw new ArchiveError(`${readable(path)} is a symlink of ${to.length} bytes`);
      return { ...base, kind: "symlink", target: to };
    }
    case "3":
    case "4":
      return {
        ...base,
        kind: type === "3" ? "character" : "block",
        major: number(329, 8),
        minor: number(337, 8),
      };
    case "5":
      return { ...base, kind: "directory" };
    case "6":
      return { ...base, kind: "fifo" };
    default:
      throw new ArchiveError(`${readable(path)} is of no known kind ("${type}")`);
  }
}

/** Name and, in ustar but not in GNU tar's own form, the prefix before it. */
function headerPath(block: Buffer): ByteString {
  const name = byteString(block.subarray(0, 100));
  const ustar = block.toString("latin1", 257, 265) === "ustar\x0000";
  const prefix = ustar ? byteString(block.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** The sum of the header's bytes, the sum itself taken as blanks; some writers took bytes for signed. */
function checkSum(block: Buffer, index: number): void {
  const stored = readNumeric(block, 148, 8, index);
  let [unsigned, signed] = [0, 0];
  // By number: an iterator would leave half a thousand objects behind for each member.
  for (let at = 0; at < BLOCK; at++) {
    const value = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += value;
    signed += (value << 24) >> 24;
  }
  if (stored !== unsigned && stored !== signed) {
    throw new ArchiveError(`where member ${index} should begin there is no tar header`);
  }
}

/** Octal digits, or GNU tar's base 256 where the first bit is set. */
function readNumeric(block: Buffer, at: number, length: number, index: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = BigInt(first & 0x7f);
    for (const byte of block.subarray(at + 1, at + length)) value = (value << 8n) | BigInt(byte);
    const number = Number(BigInt.asIntN(length * 8 - 1, value));
    // Only a time may lie before zero, and nothing else of what is read here does.
    if (Number.isSafeInteger(number) && (number >= 0 || at === MTIME)) return number;
  } else {
    const text = byteString(block.subarray(at, at + length)).trim();
    if (/^[0-7]*$/.test(text)) return Number.parseInt(text || "0", 8);
  }
  throw new ArchiveError(`the header of member ${index} has a number that is none`);
}

/** Bytes up to the next block. */
function padding(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}
