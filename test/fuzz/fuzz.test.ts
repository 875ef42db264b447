import { expect, test } from "bun:test";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { fuzz, pureTarget } from "./target.ts";
import { fuzzTargets } from "./targets.ts";

const seed = Math.floor(Math.random() * 2 ** 31);

for (const target of await fuzzTargets())
  test(`${target.name}: ${target.about}`, async () => {
    expect((await fuzz(target, target.share, seed)).inputs).toBeGreaterThanOrEqual(target.share);
  }, 60_000);

test("an input that does harm is told, made small, with the seed that finds it again", () => {
  const harmed = pureTarget({ name: "harm", about: "", inputs: 0, share: 0 }, fc.nat(), (number) => {
    invariant(number < 1000);
  });
  expect(fuzz(harmed, 500, 7)).rejects.toThrow(
    /Counterexample: \[1000\][\s\S]*npm run fuzz -- harm --seed 7 --inputs 500/,
  );
});
