import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { compressionOf, describeOther, imageKindOf } from "../../../agent/ramdisk/content.ts";
import { CompressionError, decompress } from "../../../agent/ramdisk/decompress.ts";
import { cpio, tar } from "./archives.ts";

const text = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join(""));
const xz = (bytes: Buffer, ...options: string[]): Buffer =>
  spawnSync("xz", ["-c", ...options], { input: bytes }).stdout;
const windowLog = (log: number) =>
  zstdCompressSync(Buffer.alloc(1 << 24), {
    params: { [constants.ZSTD_c_windowLog]: log, [constants.ZSTD_c_compressionLevel]: 1 },
  });

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Buffer, size = 1000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(pieces(bytes, size), compressionOf(bytes))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("unpacks", () => {
  const rows: Readonly<Record<string, Buffer>> = {
    "what is not compressed": text,
    gzip: gzipSync(text),
    "gzip of several members, as pigz writes": Buffer.concat([
      gzipSync(text.subarray(0, 99)),
      gzipSync(text.subarray(99)),
    ]),
    "gzip with zeros behind it": Buffer.concat([gzipSync(text), Buffer.alloc(512)]),
    zstd: zstdCompressSync(text),
    "zstd of several frames": Buffer.concat([
      zstdCompressSync(text.subarray(0, 99)),
      zstdCompressSync(text.subarray(99)),
    ]),
    "xz with its own default check": xz(text),
    "xz as the kernel wants it": xz(text, "--check=crc32"),
    "xz with SHA-256": xz(text, "--check=sha256"),
    "xz of several streams": Buffer.concat([xz(text.subarray(0, 99)), xz(text.subarray(99))]),
  };
  for (const [what, bytes] of Object.entries(rows)) {
    test(what, async () => expect((await unpack(bytes)).equals(text)).toBe(true));
  }
  test("zstd with the largest window that fits", async () => {
    expect((await unpack(windowLog(23))).length).toBe(1 << 24);
  });
});

describe("refuses", () => {
  const checked = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const flipped = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8((copy[200] ?? 0) ^ 0xff, 200);
    return copy;
  };
  const rows: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
    "a cut gzip": [gzipSync(text).subarray(0, 500), /^gzip: unexpected end of file/],
    "a damaged gzip": [flipped(gzipSync(text)), /^gzip: /],
    "gzip and something else": [Buffer.concat([gzipSync(text), Buffer.from("hello")]), /^gzip: /],
    "a damaged zstd with a checksum, as zstd(1) writes": [flipped(checked), /^zstd: /],
    "a zstd that wants 128 MiB": [windowLog(27), /^zstd: it wants more than 8 MiB/],
    "a cut xz": [xz(text).subarray(0, 500), /^xz: /],
    "a damaged xz": [flipped(xz(text)), /^xz: /],
  };
  for (const [what, [bytes, message]] of Object.entries(rows)) {
    test(what, async () => {
      const error = await unpack(bytes).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CompressionError);
      expect(error instanceof Error ? error.message : "").toMatch(message);
    });
  }
});

describe("a source that fails", () => {
  async function* failing(bytes: Buffer): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 300);
    throw new Error("the source's own failure");
  }
  const rows: Readonly<Record<string, Buffer>> = {
    none: text,
    gzip: gzipSync(text),
    zstd: zstdCompressSync(text),
    xz: xz(text),
  };
  for (const [what, bytes] of Object.entries(rows)) {
    test(`is what is told (${what})`, async () => {
      const reading = (async () => {
        for await (const chunk of decompress(failing(bytes), compressionOf(bytes)))
          expect(chunk.length).toBeGreaterThan(0);
      })();
      expect(await reading.catch((error: unknown) => String(error))).toBe("Error: the source's own failure");
    });
  }
});

test("whoever stops reading stops the source", async () => {
  for (const bytes of [gzipSync(text), xz(text)]) {
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield bytes;
          await Bun.sleep(1);
        }
      } finally {
        ended = true;
      }
    }
    for await (const chunk of decompress(endless(), compressionOf(bytes))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(ended).toBe(true);
  }
});

describe("is told by its content", () => {
  const rows: Readonly<Record<string, readonly [Buffer, unknown]>> = {
    "cpio newc": [cpio([]), "cpio"],
    "cpio crc": [cpio([], "070702"), "cpio"],
    "tar of POSIX": [tar([{ name: "a" }]), "tar"],
    "tar of GNU": [tar([{ name: "a", magic: "ustar  \0" }]), "tar"],
    squashfs: [Buffer.from("hsqs"), "squashfs"],
    text: [Buffer.from("070"), undefined],
    nothing: [Buffer.alloc(0), undefined],
  };
  for (const [what, [bytes, kind]] of Object.entries(rows))
    test(what, () => expect(imageKindOf(bytes)).toBe(kind as never));
});

describe("what it is not is said", () => {
  const rows: Readonly<Record<string, readonly [Buffer, string]>> = {
    bzip2: [Buffer.from("BZh91AY"), "compressed with bzip2"],
    "old cpio": [
      Buffer.from("070707000"),
      'a cpio archive in the old portable format; "newc" is wanted (cpio -H newc)',
    ],
    twice: [gzipSync("x"), "compressed twice (gzip inside)"],
    html: [Buffer.from("<!DOCTYPE html>"), "a web page"],
    unknown: [Buffer.from("\x01\x02"), "none of the known kinds; it begins with 0102"],
  };
  for (const [what, [bytes, said]] of Object.entries(rows))
    test(what, () => expect(describeOther(bytes)).toBe(said));
});
