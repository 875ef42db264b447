import fc from "fast-check";

/** Where a stream is cut: sizes of pieces, taken in turn. */
export type Cuts = readonly number[];

/** A byte at a time, a few, or large pieces with small ones between. */
export const cuts: fc.Arbitrary<Cuts> = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
  fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 }),
);

/** The bytes in pieces of those sizes; each in memory of its own, which is spoilt once the next one is asked for. */
export function* inPieces(bytes: Uint8Array, sizes: Cuts): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const piece = Uint8Array.from(bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1)));
    yield piece;
    at += piece.length;
    // Who keeps a piece without a copy of it sees something else from now on.
    piece.fill(0xaa);
  }
}
