import fc from "fast-check";
import invariant from "tiny-invariant";
import { printable } from "../../agent/errors.ts";
import { describeSignature, SIGNATURE_BYTES, signatureOf } from "../../agent/localdisk/signature.ts";
import { compressionOf, describeOther, imageKindOf } from "../../agent/ramdisk/content.ts";
import { ArchiveError, Incremental } from "../../agent/ramdisk/incremental.ts";
import { readSquashfs } from "../../agent/ramdisk/squashfs.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { type Cuts, cuts, inPieces } from "./pieces.ts";
import { checkEqual, checkHarmless } from "./shapes.ts";
import { pureTarget } from "./target.ts";

/** A superblock of 4.0 that says how much there is, and so much behind it. */
function squashfs(used: number, there: number): string {
  const bytes = Buffer.alloc(there);
  bytes.write("hsqs");
  bytes.writeUInt16LE(4, 28);
  bytes.writeBigUInt64LE(BigInt(used), 40);
  return bytes.toString("latin1");
}

const samples = [
  ...[squashfs(96, 96), squashfs(300, 300), squashfs(5000, 300), squashfs(100, 4096)],
  ...["\x1f\x8b\x08", "\xfd7zXZ\0", "\x28\xb5\x2f\xfd", "070701", "<html>", "PK\x03\x04", "070707", ""],
  `${"\0".repeat(257)}ustar\x0000`,
  `${"\0".repeat(1080)}\x53\xef${"\0".repeat(1000)}`,
  `${"\0".repeat(510)}\x55\xaaEFI PART${"\0".repeat(40)}`,
  "\0".repeat(2048),
];
const tokens = [
  "hsqs",
  "\x04\0\0\0",
  "\xff\xff\xff\xff\xff\xff\xff\xff",
  "\x53\xef",
  "SWAPSPACE2",
  "LABELONE",
  "\xfc\x4e\x2b\xa9",
];

export default pureTarget(
  {
    name: "content",
    about:
      "What an image and a disk are, by their first bytes: always one thing or another; squashfs in any pieces.",
    inputs: 100_000,
    share: 2000,
  },
  fc.record({
    text: mutated(samples, tokens),
    tail: fc.constantFrom("", "\xfc\x4e\x2b\xa9", "\0".repeat(5000)),
    sizes: cuts,
  }),
  ({ text, tail, sizes }) => {
    // In the middle of something larger, as pieces of a stream are.
    const bytes = Buffer.from(`??${text}`, "latin1").subarray(2);
    invariant(["none", "gzip", "xz", "zstd"].includes(compressionOf(bytes)));
    const kind = imageKindOf(bytes);
    if (kind === undefined) checkHarmless(printable(describeOther(bytes)));
    checkHarmless(
      describeSignature(signatureOf(bytes.subarray(0, SIGNATURE_BYTES), Buffer.from(tail, "latin1"))),
    );
    if (kind !== "squashfs") return;
    const whole = unpacked(bytes, [bytes.length]);
    checkEqual(unpacked(bytes, sizes), whole, "pieces do not matter");
    if (whole !== undefined)
      invariant(bytes.toString("latin1").startsWith(whole), "something else than was there");
  },
);

/** The image as it was handed on; undefined where it is refused. */
function unpacked(bytes: Uint8Array, sizes: Cuts): string | undefined {
  const pieces: string[] = [];
  const { refusal } = outcomeOf(() => {
    const incremental = new Incremental(
      readSquashfs((piece) => pieces.push(Buffer.from(piece).toString("latin1"))),
    );
    for (const piece of inPieces(bytes, sizes)) incremental.push(piece);
    incremental.end();
  }, ArchiveError);
  return refusal === undefined ? pieces.join("") : undefined;
}
