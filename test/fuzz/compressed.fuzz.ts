import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { CompressionError, decompress } from "../../agent/ramdisk/decompress.ts";
import { mutated } from "./mutate.ts";
import { outcomeOfAsync } from "./outcome.ts";
import { type Cuts, cuts, inPieces } from "./pieces.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const contents = [
  "",
  "content\n",
  "a".repeat(5000),
  Array.from({ length: 800 }, (_, n) => `${n * n} `).join(""),
];
const packed = {
  gzip: contents.map((text) => gzipSync(text).toString("latin1")),
  zstd: contents.map((text) => zstdCompressSync(text).toString("latin1")),
};
/** A small stream may become a large one: the archive reader stops it, where it is too much. */
const ENOUGH = 1 << 20;

const tokens = [
  "\x1f\x8b\x08\0",
  "\x28\xb5\x2f\xfd",
  "\x50\x2a\x4d\x18\xff\xff\0\0",
  "\xff\xff\xff\xff",
  "\0\0\0\0",
];
const stream = fc.oneof(
  mutated(packed.gzip, tokens).map((bytes) => ({ name: "gzip", bytes }) as const),
  mutated(packed.zstd, tokens).map((bytes) => ({ name: "zstd", bytes }) as const),
);

export default pureTarget(
  {
    name: "compressed",
    about:
      "Damaged gzip and zstd streams: they end or are refused, whatever the pieces; none keeps anybody waiting.",
    inputs: 100_000,
    share: 500,
  },
  fc.record({ stream, sizes: cuts, whole: fc.constantFrom(...contents.keys()) }),
  async ({ stream: { name, bytes }, sizes, whole }) => {
    const { value, refusal } = await outcomeOfAsync(() => unpack(name, bytes, sizes), CompressionError);
    invariant(value !== undefined || (refusal?.message ?? "").startsWith(name));
    checkEqual(await unpack(name, packed[name][whole] ?? "", sizes), contents[whole], "as it was packed");
  },
);

async function unpack(name: "gzip" | "zstd", bytes: string, sizes: Cuts): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of decompress(slowly(Buffer.from(bytes, "latin1"), sizes), name)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > ENOUGH) break;
  }
  return Buffer.concat(chunks).toString("latin1");
}

async function* slowly(bytes: Uint8Array, sizes: Cuts): AsyncGenerator<Uint8Array> {
  // Ten thousand pieces of a byte tell no more than some hundred.
  const least = Math.ceil(bytes.length / 100);
  for (const piece of inPieces(
    bytes,
    sizes.map((size) => Math.max(size, least)),
  ))
    yield Uint8Array.from(piece);
}
