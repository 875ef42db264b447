import type { Log } from "./log.ts";

/** Something is said on the console about what takes longer, and again after each such time. */
const SAY_MS = 2000;

/** The same about what is only waited for. */
const WAIT_MS = 5000;

/** Where the lines go; `Log` is one. */
type Say = Pick<Log, "say">;

/** Says how far something is, now and then. */
export class Progress {
  readonly #log: Say;
  readonly #now: () => number;
  readonly #every: number;
  #said: number;

  /**
   * @param now milliseconds
   * @param every milliseconds between two lines, and before the first
   */
  constructor(log: Say, now: () => number, every = SAY_MS) {
    this.#log = log;
    this.#now = now;
    this.#every = every;
    this.#said = now();
  }

  /** For what is waited for and does not come nearer: fewer lines. */
  static ofWait(log: Say, now: () => number): Progress {
    return new Progress(log, now, WAIT_MS);
  }

  /** Says the text where it is time to; otherwise it is not even made. */
  tell(text: () => string): void {
    const now = this.#now();
    if (now - this.#said < this.#every) return;
    this.#said = now;
    this.#log.say(text());
  }
}

/** Waits for something that cannot be looked at meanwhile, and says so every few seconds. @param text given the seconds so far */
export async function sayWhile<T>(
  log: Say,
  text: (seconds: number) => string,
  waited: Promise<T>,
): Promise<T> {
  let seconds = 0;
  const timer = setInterval(() => {
    seconds += WAIT_MS / 1000;
    log.say(text(seconds));
  }, WAIT_MS);
  try {
    return await waited;
  } finally {
    clearInterval(timer);
  }
}
