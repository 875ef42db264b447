import { BootError, type Problem } from "../errors.ts";
import type { Log } from "../log.ts";
import { FAILURES, QueryFailure } from "./failure.ts";

/** What became of one place that was asked: its last failure, and how many there were. */
interface Record {
  readonly failure: QueryFailure;
  readonly attempts: number;
  /** Until then it wants to be left alone, by the clock. */
  readonly until: number;
}

/** Keeps count of what was tried where, and says it. A place is a server, or one address of one. */
export class Attempts {
  readonly #records = new Map<string, Record>();
  readonly #doing: string;
  readonly #log: Log;
  readonly #clock: { now(): number };

  /** @param clock in milliseconds */
  constructor(doing: string, log: Log, clock: { now(): number }) {
    this.#doing = doing;
    this.#log = log;
    this.#clock = clock;
  }

  /** The result, or nothing where it ended in a {@link QueryFailure}, which is kept. */
  async make<T>(place: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (failure) {
      if (!(failure instanceof QueryFailure)) throw failure;
      const attempts = (this.#records.get(place)?.attempts ?? 0) + 1;
      this.#records.set(place, { failure, attempts, until: this.#clock.now() + failure.wait });
      this.#log.say(`${this.#doing}: ${place}: ${failure.found} (attempt ${attempts})`);
      return undefined;
    }
  }

  /** What failed there before counts no longer. */
  forget(place: string): void {
    this.#records.delete(place);
  }

  /** It was tried, and in vain. */
  failed(place: string): boolean {
    return this.#records.has(place);
  }

  /** It failed as often as its kind of failure allows. */
  spent(place: string): boolean {
    const record = this.#records.get(place);
    return record !== undefined && record.attempts >= FAILURES[record.failure.kind];
  }

  /** Milliseconds for which this place still wants to be left alone. */
  wait(place: string): number {
    return Math.max(0, (this.#records.get(place)?.until ?? 0) - this.#clock.now());
  }

  /** The same of the place that is worth another attempt first. */
  shortestWait(): number {
    const waits = [...this.#records.keys()].filter((place) => !this.spent(place)).map((p) => this.wait(p));
    return waits.length === 0 ? 0 : Math.min(...waits);
  }

  /** No place is worth another attempt. */
  get over(): boolean {
    return [...this.#records.keys()].every((place) => this.spent(place));
  }

  /** Every place's last failure. `elapsed` is in milliseconds. */
  giveUp(elapsed: number): BootError {
    const problems = [...this.#records].map(([place, { failure, attempts }]): Problem => {
      const problem = failure.problem(this.#doing, place);
      const times = `asked ${attempts === 1 ? "once" : `${attempts} times`} in ${(elapsed / 1000).toFixed(1)} s`;
      return { ...problem, found: `${problem.found} (${times})` };
    });
    const [first = this.#nothing(), ...others] = problems;
    return new BootError([first, ...others]);
  }

  #nothing(): Problem {
    const remedy = "name a server with XCAT=, and see that statelite.query_timeout leaves time to ask it";
    const failure = new QueryFailure("unreachable", "no server was asked", remedy);
    return failure.problem(this.#doing, "XCAT");
  }
}
