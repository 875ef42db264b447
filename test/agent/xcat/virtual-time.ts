import type { Clock } from "../../../agent/xcat/rounds.ts";

interface Sleeper {
  readonly wake: () => void;
}

/** How exact the clock is, in milliseconds: what happens within one step happens at once. */
const STEP = 10;

/** A clock that goes on only when everybody sleeps: minutes of ten thousand agents pass in a second. */
export class VirtualTime implements Clock {
  #step = 0;
  #sleeping = 0;
  readonly #steps = new Map<number, Sleeper[]>();

  now(): number {
    return this.#step * STEP;
  }

  sleep(milliseconds: number): Promise<void> {
    const step = this.#step + Math.max(1, Math.ceil(milliseconds / STEP));
    const { promise, resolve } = Promise.withResolvers<void>();
    const sleepers = this.#steps.get(step) ?? [];
    sleepers.push({ wake: resolve });
    this.#steps.set(step, sleepers);
    this.#sleeping++;
    return promise;
  }

  /** Lets time pass until the work is done. @throws where it never will be, as nobody sleeps */
  async until<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => {
      done = true;
    });
    settled.catch(() => undefined); // It is awaited below.
    for (;;) {
      // Everything that can go on without the clock does so before the next turn of the loop.
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return await settled;
      if (this.#sleeping === 0)
        throw new Error(`nobody sleeps at ${this.now()} ms, and the work is not done`);
      this.#step++;
      const sleepers = this.#steps.get(this.#step) ?? [];
      this.#steps.delete(this.#step);
      this.#sleeping -= sleepers.length;
      for (const { wake } of sleepers) wake();
    }
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
