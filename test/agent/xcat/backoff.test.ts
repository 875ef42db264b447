import { expect, test } from "bun:test";
import fc from "fast-check";
import { BACKOFF, backoff } from "../../../agent/xcat/backoff.ts";

const rows: readonly [round: number, random: number, milliseconds: number][] = [
  [0, 0, 0],
  [0, 0.5, 500],
  [1, 0.5, 1000],
  [3, 0.5, 4000],
  [4, 0.5, 7500],
  [9, 0.5, 7500],
];

test.each(rows)("backoff: in round %d a draw of %d is %d ms", (round, random, milliseconds) => {
  expect(backoff(round, () => random)).toBe(milliseconds);
});

test("backoff: never longer than its bound, in whatever round", () => {
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), draw, (round, random) => {
      const pause = backoff(round, () => random);
      expect(pause).toBeGreaterThanOrEqual(0);
      expect(pause).toBeLessThan(BACKOFF.longest);
    }),
  );
});
