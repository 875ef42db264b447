import type { Log } from "../log.ts";
import { formatOp, type Op } from "../plan/op.ts";
import type { Effects } from "./effects.ts";

/** Nothing that is under way for so long without a byte or an end is said on the console, and again after such a time. */
const STALL_MS = 5000;

/** Notices that ops are under way and none of them moves: as a rule an NFS server is gone, for which the kernel waits. */
export class StallWatch {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #running = new Set<Op>();
  readonly #timer: Timer;
  #moved: number;

  /** @param now milliseconds */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#moved = now();
    this.#timer = setInterval(() => this.#look(), STALL_MS);
  }

  /** The same effects, watched. */
  watching(effects: Effects): Effects {
    return {
      run: async (op) => {
        this.#running.add(op);
        this.moved();
        try {
          return await effects.run(op);
        } finally {
          this.#running.delete(op);
          this.moved();
        }
      },
    };
  }

  /** Something came nearer to its end. */
  moved(): void {
    this.#moved = this.#now();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const still = this.#now() - this.#moved;
    const [first] = this.#running;
    if (still < STALL_MS || first === undefined) return;
    const others = this.#running.size > 1 ? ` and ${this.#running.size - 1} more` : "";
    const seconds = Math.round(still / 1000);
    this.#log.say(
      `nothing has moved for ${seconds} s, is the NFS server up? waiting: ${formatOp(first)}${others}`,
    );
  }
}
