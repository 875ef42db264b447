import type { ArchiveEntry, ArchiveSink } from "../../../agent/ramdisk/archive.ts";
import { type FormatReader, Incremental } from "../../../agent/ramdisk/incremental.ts";

/** Archives by hand, for what no tool would write, and a sink that says what it got. */

export interface CpioMember {
  readonly name: string;
  readonly mode?: number;
  readonly data?: string;
  readonly inode?: number;
  readonly links?: number;
  readonly device?: readonly [number, number];
  /** In place of the data's length. */
  readonly size?: number;
  readonly nameSize?: number;
  readonly checksum?: number;
}

export function cpio(members: readonly CpioMember[], magic = "070701"): Buffer {
  return Buffer.concat([...members, { name: "TRAILER!!!" }].map((member) => cpioMember(member, magic)));
}

export function cpioMember(member: CpioMember, magic = "070701"): Buffer {
  const { name, mode = 0o100644, data = "", inode = 1, links = 1, device = [0, 0] } = member;
  const fields = [inode, mode, 3, 4, links, 1_700_000_000, member.size ?? data.length, 8, 1, ...device];
  const tail = [member.nameSize ?? Buffer.byteLength(name) + 1, member.checksum ?? 0];
  const header = magic + [...fields, ...tail].map((value) => value.toString(16).padStart(8, "0")).join("");
  return Buffer.concat([padded(Buffer.from(`${header}${name}\0`), 4), padded(Buffer.from(data), 4)]);
}

export interface TarMember {
  readonly name: string;
  readonly type?: string;
  readonly data?: string | Buffer;
  readonly link?: string;
  readonly size?: number;
  readonly magic?: string;
  readonly prefix?: string;
  readonly mode?: string;
  /** Spoils the sum. */
  readonly sum?: number;
  /** Bytes to put over the header, by offset, before it is summed. */
  readonly patch?: Readonly<Record<number, string>>;
}

/** With the two blocks of zeros at its end. */
export function tar(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)]);
}

export function tarMember(member: TarMember): Buffer {
  const { name, type = "0", data = "", link = "", magic = "ustar\x0000" } = member;
  const block = Buffer.alloc(512);
  const put = (at: number, text: string) => block.write(text, at, "latin1");
  put(0, name);
  put(100, member.mode ?? "0000644\0");
  put(108, "0000003\0");
  put(116, "0000004\0");
  put(124, `${(member.size ?? data.length).toString(8).padStart(11, "0")}\0`);
  put(136, `${(1_700_000_000).toString(8).padStart(11, "0")}\0`);
  put(156, type);
  put(157, link);
  put(257, magic);
  put(329, "0000001\0");
  put(337, "0000005\0");
  put(345, member.prefix ?? "");
  for (const [at, text] of Object.entries(member.patch ?? {})) put(Number(at), text);
  put(148, "        ");
  const sum = member.sum ?? block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return Buffer.concat([block, padded(Buffer.from(data), 512)]);
}

/** One record of an extended header, its length included. */
export function paxRecord(keyword: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), Buffer.from(value), Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length++;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function padded(bytes: Buffer, to: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
}

/** Remembers each member and its content. */
export class Recorder implements ArchiveSink {
  readonly entries: (ArchiveEntry & { content: string })[] = [];
  #open = false;

  begin(entry: ArchiveEntry): void {
    if (this.#open) throw new Error("a member begins inside another one");
    this.#open = true;
    this.entries.push({ ...entry, content: "" });
  }

  content(bytes: Uint8Array): void {
    const last = this.entries.at(-1);
    if (!this.#open || last === undefined) throw new Error("content outside of a member");
    last.content += Buffer.from(bytes).toString("latin1");
  }

  end(): void {
    if (!this.#open) throw new Error("a member ends twice");
    this.#open = false;
  }
}

/** Reads an archive that comes in pieces of `size` bytes. */
export function readIn(
  bytes: Uint8Array,
  size: number,
  reader: (sink: ArchiveSink) => FormatReader,
): Recorder["entries"] {
  const recorder = new Recorder();
  const incremental = new Incremental(reader(recorder));
  for (let at = 0; at < bytes.length; at += size) incremental.push(bytes.subarray(at, at + size));
  incremental.end();
  return recorder.entries;
}
