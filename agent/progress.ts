import type { Log } from "./log.ts";

/** Something is said on the console about what takes longer, and again after each such time. */
const SAY_MS = 2000;

/** Says how far something is, now and then. */
export class Progress {
  readonly #log: Log;
  readonly #now: () => number;
  #said: number;

  /** @param now milliseconds */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
    this.#said = now();
  }

  /** Says the text where it is time to; otherwise it is not even made. */
  tell(text: () => string): void {
    const now = this.#now();
    if (now - this.#said < SAY_MS) return;
    this.#said = now;
    this.#log.say(text());
  }
}
