import type { ArchiveSink } from "./archive.ts";
import { readCpio } from "./cpio.ts";
import type { FormatReader } from "./incremental.ts";
import { readTar } from "./tar.ts";

/** What an image is, told by its first bytes and never by its name. */

export type Compression = "none" | "gzip" | "xz" | "zstd";
export type ImageKind = "cpio" | "tar" | "squashfs";

/** As many bytes as it takes to tell: a tar archive has its magic near the end of its first block. */
export const SIGNATURE_BYTES = 512;

interface Signature<Meaning> {
  readonly at: number;
  readonly bytes: string;
  readonly means: Meaning;
}

const COMPRESSIONS: readonly Signature<Compression>[] = [
  { at: 0, bytes: "\x1f\x8b\x08", means: "gzip" },
  { at: 0, bytes: "\xfd7zXZ\x00", means: "xz" },
  { at: 0, bytes: "\x28\xb5\x2f\xfd", means: "zstd" },
];

const KINDS: readonly Signature<ImageKind>[] = [
  { at: 0, bytes: "070701", means: "cpio" },
  { at: 0, bytes: "070702", means: "cpio" },
  { at: 257, bytes: "ustar", means: "tar" },
  { at: 0, bytes: "hsqs", means: "squashfs" },
];

/** What somebody might serve by mistake, or in the hope that it works. */
const OTHERS: readonly Signature<string>[] = [
  { at: 0, bytes: "BZh", means: "compressed with bzip2" },
  { at: 0, bytes: "\x02\x21\x4c\x18", means: "compressed with lz4" },
  { at: 0, bytes: "\x04\x22\x4d\x18", means: "compressed with lz4" },
  { at: 0, bytes: "\x5d\x00\x00", means: "compressed with lzma" },
  {
    at: 0,
    bytes: "070707",
    means: 'a cpio archive in the old portable format; "newc" is wanted (cpio -H newc)',
  },
  {
    at: 0,
    bytes: "\xc7\x71",
    means: 'a cpio archive in the old binary format; "newc" is wanted (cpio -H newc)',
  },
  { at: 0, bytes: "sqsh", means: "a squashfs of the other byte order" },
  { at: 0, bytes: "PK\x03\x04", means: "a zip archive" },
  { at: 0, bytes: "<", means: "a web page" },
  { at: 1080, bytes: "\x53\xef", means: "a file system image (ext)" },
];

function find<Meaning>(signatures: readonly Signature<Meaning>[], head: Uint8Array): Meaning | undefined {
  const text = Buffer.from(head).toString("latin1");
  return signatures.find(({ at, bytes }) => text.startsWith(bytes, at))?.means;
}

export function compressionOf(head: Uint8Array): Compression {
  return find(COMPRESSIONS, head) ?? "none";
}

export function imageKindOf(head: Uint8Array): ImageKind | undefined {
  return find(KINDS, head);
}

/** What it is instead, for a message. */
export function describeOther(head: Uint8Array): string {
  if (head.length === 0) return "empty";
  const other = find(OTHERS, head) ?? find(COMPRESSIONS, head);
  if (other === undefined)
    return `none of the known kinds; it begins with ${Buffer.from(head.subarray(0, 8)).toString("hex")}`;
  return COMPRESSIONS.some(({ means }) => means === other) ? `compressed twice (${other} inside)` : other;
}

export function readerOf(kind: Exclude<ImageKind, "squashfs">, sink: ArchiveSink): FormatReader {
  return kind === "cpio" ? readCpio(sink) : readTar(sink);
}
