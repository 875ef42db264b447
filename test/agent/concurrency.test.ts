import { afterEach, beforeEach, expect, test } from "bun:test";
import { allSettled, awaitedLater, Limiter } from "../../agent/concurrency.ts";

/** What fails while others are still under way is told to who waits for it, and to nobody else: a boot ends by that. */

const unseen: unknown[] = [];
const see = (error: unknown): number => unseen.push(error);
beforeEach(() => {
  unseen.length = 0;
  process.on("unhandledRejection", see);
});
afterEach(() => {
  process.off("unhandledRejection", see);
});

const fails = async () => {
  throw new Error("in the background");
};

test("a task that fails beside one that is waited for is seen once all are waited for", async () => {
  const limiter = new Limiter(1);
  const background: Promise<void>[] = [];
  await limiter.runOrWait(fails, background);
  background.push(awaitedLater(fails()));
  // The only place is taken until its failure was noticed: this one is waited for in place.
  await limiter.runOrWait(() => Bun.sleep(20), background);
  await Bun.sleep(20);
  expect(allSettled(background)).rejects.toThrow("in the background");
  expect(unseen).toEqual([]);
});
