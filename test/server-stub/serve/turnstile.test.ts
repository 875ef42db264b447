import { describe, expect, test } from "bun:test";
import { Turnstile } from "../../../server-stub/serve/turnstile.ts";

/** Turns of the event loop until `holds`, at most a thousand. */
async function turnsUntil(holds: () => boolean): Promise<number> {
  let turns = 0;
  while (!holds() && turns < 1000) {
    await new Promise((resolve) => setImmediate(resolve));
    turns += 1;
  }
  return turns;
}

describe("a turnstile", () => {
  test("lets in the order in which they came, also those that come meanwhile", async () => {
    const turnstile = new Turnstile();
    const entered: number[] = [];
    for (let n = 0; n < 10; n += 1)
      turnstile.enter(() => {
        entered.push(n);
        turnstile.enter(() => void entered.push(n + 10));
      });
    await turnsUntil(() => entered.length === 20);
    expect(entered).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test("lets two in at each turn of the event loop, not all at once", async () => {
    const turnstile = new Turnstile();
    const entered: number[] = [];
    for (let n = 0; n < 100; n += 1) turnstile.enter(() => void entered.push(n));
    expect(entered).toEqual([]);
    expect(await turnsUntil(() => entered.length === 100)).toBeGreaterThanOrEqual(49);
  });

  test("turns again after it stood still", async () => {
    const turnstile = new Turnstile();
    for (let round = 1; round <= 3; round += 1) {
      const entered: number[] = [];
      for (let n = 0; n < 3; n += 1) turnstile.enter(() => void entered.push(n));
      await turnsUntil(() => entered.length === 3);
      expect(entered).toEqual([0, 1, 2]);
    }
  });
});
