/** Doing many things side by side, but not all at once, and nothing for ever. */

/** Runs tasks with at most `width` of them under way; the rest wait their turn in order. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#acquire();
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  /** Runs the task side by side with the caller where there is room, else the caller waits for it. */
  async runOrWait(task: () => Promise<void>, background: Promise<void>[]): Promise<void> {
    if (this.#free <= 0) return task();
    background.push(awaitedLater(this.run(task)));
  }

  #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next();
    else this.#free++;
  }
}

interface Gathered<T, R> {
  readonly item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Gathers what is asked for one by one, and does it in batches: while as many as may be are under way, what comes
 * gathers for the next one.
 */
export class Gatherer<T, R> {
  readonly #waiting: Gathered<T, R>[] = [];
  readonly #most: number;
  readonly #run: (items: readonly T[]) => Promise<readonly R[]>;
  #free: number;

  /**
   * @param width batches under way at the same time
   * @param most items of a batch
   * @param run gives a result for each item, in their order
   */
  constructor(width: number, most: number, run: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#free = width;
    this.#most = most;
    this.#run = run;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#next());
    });
  }

  #next(): void {
    while (this.#free > 0 && this.#waiting.length > 0) void this.#batch(this.#waiting.splice(0, this.#most));
  }

  async #batch(some: readonly Gathered<T, R>[]): Promise<void> {
    this.#free--;
    try {
      const results = await this.#run(some.map(({ item }) => item));
      for (const [index, result] of results.entries()) some[index]?.resolve(result);
    } catch (error) {
      for (const { reject } of some) reject(error);
    } finally {
      this.#free++;
      this.#next();
    }
  }
}

/** Longer than this nothing else has to wait for work that is done in place. */
const TURN_MS = 10;

let turnBegan = 0;

/** To be awaited within long work that itself never waits: deadlines and progress have their turn, too. */
export async function takeTurns(): Promise<void> {
  const now = performance.now();
  if (now - turnBegan < TURN_MS) return;
  await new Promise((resolve) => setImmediate(resolve));
  turnBegan = performance.now();
}

/**
 * The same promise, for a list that somebody waits for later ({@link allSettled}): one that fails before that is not
 * taken for one that nobody waits for, which would end the boot.
 */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Waits for all, also after one has failed, and then throws the first failure: nothing goes on unseen. */
export async function allSettled(tasks: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === "rejected") throw result.reason;
}

/** Thrown by {@link withDeadline}. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** The promise, or a {@link DeadlineError} after so many milliseconds. What it waits for is not ended by that. */
export async function withDeadline<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`${what}: no end after ${Math.round(milliseconds / 1000)} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As {@link withDeadline}, for what may just as well be left undone: whether it was done in time. Never rejects. */
export async function inTime(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  try {
    await withDeadline(promise, milliseconds, "this");
    return true;
  } catch {
    return false; // Whoever made the promise has said why.
  }
}
