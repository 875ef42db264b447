import { expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { fuzz, pureTarget } from "./target.ts";
import { fuzzTargets } from "./targets.ts";

const seed = Math.floor(Math.random() * 2 ** 31);

for (const target of await fuzzTargets())
  test(`${target.name}: ${target.about}`, async () => {
    expect((await fuzz(target, target.share, seed)).inputs).toBeGreaterThanOrEqual(target.share);
  }, 60_000);

test("an input that does harm is told, made small, with the seed that finds it again", async () => {
  const harmed = pureTarget({ name: "harm", about: "", inputs: 0, share: 0 }, fc.nat(), (number) => {
    invariant(number < 1000);
  });
  await expect(fuzz(harmed, 500, 7)).rejects.toThrow(
    /Counterexample: \[1000\][\s\S]*npm run fuzz -- harm --seed 7 --inputs 500/,
  );
});

test("an input that takes long is told, without a search for a smaller one", async () => {
  let fed = 0;
  const slow = pureTarget({ name: "slow", about: "", inputs: 0, share: 0 }, fc.nat(), () => {
    fed++;
    const begun = process.threadCpuUsage();
    for (let used = 0; used < 600_000; ) {
      const { user, system } = process.threadCpuUsage(begun);
      used = user + system;
    }
  });
  await expect(fuzz(slow, 500, 7)).rejects.toThrow(/it takes \d+ ms of the processor, 500 ms are allowed/);
  expect(fed).toBe(3);
});

test("an input that hangs ends the process, and is told", () => {
  const child = Bun.spawnSync([process.execPath, join(import.meta.dir, "hanging.ts"), "200"]);
  expect([child.signalCode, `${child.stderr}`]).toEqual([
    "SIGKILL",
    'It hangs, for over 200 ms: {"text":"endless"}\n',
  ]);
});

test("what grows with its inputs is told", async () => {
  const kept: string[] = [];
  const greedy = pureTarget({ name: "greedy", about: "", inputs: 0, share: 0 }, fc.nat(), (n) => {
    kept.push(`${n} `.repeat(20_000));
    kept.at(-1)?.charCodeAt(7); // In one piece.
  });
  await expect(fuzz(greedy, 500, 7)).rejects.toThrow(/it grows: .* MiB live/);
});
