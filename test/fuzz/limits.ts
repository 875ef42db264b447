import { heapStats } from "bun:jsc";
import invariant from "tiny-invariant";
import { Watchdog } from "./watchdog.ts";

/** What one input may take of the processor: a hundred times what a good one takes. */
const CASE_MILLISECONDS = 500;
/** What may be more at the end than after the first tenth: of live objects, and of the whole process, which keeps what it once had. */
const HEAP_BYTES = 8 << 20;
const RESIDENT_BYTES = 256 << 20;

/** Holds a function to its limits of time for each input, and of memory over all of them. */
export class Limits {
  readonly #watchdog = new Watchdog();
  #slowest = 0;
  #tooSlow = false;
  #warm: Memory | undefined;

  /** Feeds one input. One that took long is fed again: a collection of garbage may have come in between. */
  async feed<Input>(input: Input, check: (input: Input) => void | Promise<void>): Promise<void> {
    // Smaller ones are not looked for then: each of them would be waited for.
    if (this.#tooSlow) return;
    let fastest = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3 && fastest > CASE_MILLISECONDS; tries++) {
      const started = process.threadCpuUsage();
      this.#watchdog.begin(input);
      try {
        const running = check(input);
        if (running !== undefined) await running;
      } finally {
        this.#watchdog.end();
      }
      const { user, system } = process.threadCpuUsage(started);
      fastest = Math.min(fastest, (user + system) / 1000);
    }
    this.#slowest = Math.max(this.#slowest, fastest);
    this.#tooSlow = fastest > CASE_MILLISECONDS;
    invariant(
      fastest <= CASE_MILLISECONDS,
      () => `it takes ${Math.round(fastest)} ms of the processor, ${CASE_MILLISECONDS} ms are allowed`,
    );
  }

  /** What has been made by now is made once, and not for each input. */
  warm(): Promise<void> {
    this.#warm = memory();
    return Promise.resolve();
  }

  /** @returns facts for people */
  conclude(): Promise<readonly string[]> {
    const facts = [`slowest input: ${this.#slowest.toFixed(1)} ms of the processor`];
    if (this.#warm === undefined) return Promise.resolve(facts);
    const now = memory();
    const heap = now.heap - this.#warm.heap;
    const resident = now.resident - this.#warm.resident;
    facts.push(
      `memory since the first tenth: ${megabytes(heap)} MiB live, ${megabytes(resident)} MiB resident`,
    );
    invariant(heap < HEAP_BYTES && resident < RESIDENT_BYTES, () => `it grows: ${facts.join("; ")}`);
    return Promise.resolve(facts);
  }

  close(): Promise<void> {
    return this.#watchdog.close();
  }
}

interface Memory {
  readonly heap: number;
  readonly resident: number;
}

function memory(): Memory {
  Bun.gc(true);
  return { heap: heapStats().heapSize, resident: process.memoryUsage.rss() };
}

function megabytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(1);
}
