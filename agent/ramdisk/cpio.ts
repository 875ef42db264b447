import { S } from "../kernel/constants.ts";
import {
  type ArchiveEntry,
  type ArchiveSink,
  type ByteString,
  byteString,
  cleanPath,
  EntryCount,
  LIMITS,
  NamesKept,
  readable,
} from "./archive.ts";
import { ArchiveError, exactly, type FormatReader, pass } from "./incremental.ts";

/**
 * The cpio formats "newc" (070701) and "crc" (070702), as cpio(5) and the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst describe them: what `packimage` writes.
 */

const HEADER = 110;
const TRAILER = "TRAILER!!!";
const SYMLINK_MAX = 4095;

/** The header's fields in their order, each 8 hexadecimal digits. */
const FIELDS = [
  ...["inode", "mode", "uid", "gid", "links", "mtime", "size"],
  ...["deviceMajor", "deviceMinor", "major", "minor", "nameSize", "checksum"],
] as const;

/** First name of each file with several, by device and inode, within one archive. */
class Links {
  readonly #first = new Map<string, ByteString>();
  #kept = new NamesKept();

  get(inode: string): ByteString | undefined {
    return this.#first.get(inode);
  }

  /** @throws ArchiveError */
  set(inode: string, path: ByteString): void {
    this.#kept.add(path);
    this.#first.set(inode, path);
  }

  clear(): void {
    this.#first.clear();
    this.#kept = new NamesKept();
  }
}

/** Reads archives one after the other, zeros between them, as the kernel does. */
export function* readCpio(sink: ArchiveSink): FormatReader {
  const count = new EntryCount();
  const links = new Links();
  let between = false;
  for (;;) {
    // Members begin at multiples of 4.
    const start = yield between ? { bytes: 4, mayEnd: true } : exactly(4);
    if (between && start.every((byte) => byte === 0)) continue;
    const first = start.slice();
    const header = parseHeader(Buffer.concat([first, yield exactly(HEADER - 4)]), count.next());
    const name = yield* readName(header);
    between = name === TRAILER;
    if (between) {
      links.clear();
      yield* pass(header.size, padding(header.size), () => undefined);
    } else yield* readMember(header, cleanPath(name), links, sink);
  }
}

type Header = Readonly<Record<(typeof FIELDS)[number], number>> & {
  /** The crc format. */
  readonly summed: boolean;
  /** Counted from 1. */
  readonly index: number;
};

function parseHeader(bytes: Buffer, index: number): Header {
  const text = bytes.toString("latin1");
  const magic = text.slice(0, 6);
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(text)) {
    throw new ArchiveError(`where member ${index} should begin there is no cpio header`);
  }
  const values = FIELDS.map((name, n) => [name, Number.parseInt(text.slice(6 + n * 8, 14 + n * 8), 16)]);
  // Every field is there, which fromEntries cannot see.
  return {
    ...(Object.fromEntries(values) as Record<(typeof FIELDS)[number], number>),
    summed: magic === "070702",
    index,
  };
}

function* readName({ nameSize, index }: Header): Generator<{ bytes: number }, ByteString, Uint8Array> {
  if (nameSize < 2 || nameSize > LIMITS.path + 1) {
    throw new ArchiveError(`member ${index} has a name of ${nameSize} bytes`);
  }
  const bytes = yield exactly(nameSize + padding(HEADER + nameSize));
  if (bytes[nameSize - 1] !== 0) throw new ArchiveError(`the name of member ${index} does not end`);
  return Buffer.from(bytes.subarray(0, nameSize - 1)).toString("latin1");
}

function* readMember(header: Header, path: ByteString, links: Links, sink: ArchiveSink): FormatReader {
  const { size } = header;
  const entry = yield* describe(header, path, links);
  sink.begin(entry);
  if (entry.kind === "file" || entry.kind === "hardlink") {
    let sum = 0;
    yield* pass(size, padding(size), (bytes) => {
      if (header.summed) sum = addBytes(sum, bytes);
      sink.content(bytes);
    });
    if (header.summed && size > 0 && sum !== header.checksum) {
      throw new ArchiveError(`the content of ${readable(path)} is damaged: its checksum is another one`);
    }
  } else if (entry.kind !== "symlink") yield* pass(size, padding(size), () => undefined);
  sink.end();
}

/** The member as every format has it; a symlink's target is its content. */
function* describe(
  header: Header,
  path: ByteString,
  links: Links,
): Generator<{ bytes: number }, ArchiveEntry, Uint8Array> {
  const { mode, uid, gid, size, major, minor } = header;
  const base = {
    path,
    mode: mode & 0o7777,
    uid,
    gid,
    mtimeNs: BigInt(header.mtime) * 1_000_000_000n,
    xattrs: [],
  };
  switch (mode & S.IFMT) {
    case S.IFREG: {
      if (header.links < 2) return { ...base, kind: "file", size };
      const inode = `${header.deviceMajor}:${header.deviceMinor}:${header.inode}`;
      const target = links.get(inode);
      if (target !== undefined) return { ...base, kind: "hardlink", target, size };
      links.set(inode, path);
      return { ...base, kind: "file", size };
    }
    case S.IFDIR:
      return { ...base, kind: "directory" };
    case S.IFLNK: {
      if (size < 1 || size > SYMLINK_MAX)
        throw new ArchiveError(`${readable(path)} is a symlink of ${size} bytes`);
      const target = byteString((yield exactly(size + padding(size))).subarray(0, size));
      return { ...base, kind: "symlink", target };
    }
    case S.IFCHR:
      return { ...base, kind: "character", major, minor };
    case S.IFBLK:
      return { ...base, kind: "block", major, minor };
    case S.IFIFO:
      return { ...base, kind: "fifo" };
    case S.IFSOCK:
      return { ...base, kind: "socket" };
    default:
      throw new ArchiveError(`${readable(path)} is of no known kind (mode ${mode.toString(8)})`);
  }
}

/** Bytes up to the next multiple of 4. */
function padding(length: number): number {
  return -length & 3;
}

/** The crc format's sum: bytes, unsigned, in 32 bits. */
function addBytes(sum: number, bytes: Uint8Array): number {
  let total = sum;
  for (const byte of bytes) total = (total + byte) >>> 0;
  return total;
}
