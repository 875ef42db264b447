import type { ServerLog } from "../log.ts";

/** Of each kind of complaint so many are written in one interval, the rest counted. */
const linesEach = 20;
const intervalMilliseconds = 10_000;
/** Addresses that are told apart in one interval. */
const maxAddresses = 1000;

/** A log for what strangers cause. */
export interface ConnectionLog extends ServerLog {
  /**
   * Writes that a client did not do its part. Where many come of one kind, most of them are only counted.
   *
   * @param kind what it is, in words that come from no client: `malformed request`
   * @param address of the client
   * @param detail what is to be said of this one
   */
  complaint(kind: string, address: string, detail: string): void;
}

interface Counted {
  count: number;
  readonly addresses: Set<string>;
}

/** Writes to another log, and keeps an attack from filling it: nothing goes uncounted, and little is written. */
export class LimitedLog implements ConnectionLog {
  readonly #log: ServerLog;
  readonly #counted = new Map<string, Counted>();
  #timer: Timer | undefined;

  constructor(log: ServerLog) {
    this.#log = log;
  }

  line(text: string): void {
    this.#log.line(text);
  }

  complaint(kind: string, address: string, detail: string): void {
    const counted = this.#counted.get(kind) ?? { count: 0, addresses: new Set() };
    this.#counted.set(kind, counted);
    counted.count += 1;
    if (counted.count <= linesEach)
      this.#log.line(`${address}: ${kind}${detail === "" ? "" : `: ${detail}`}`);
    else if (counted.addresses.size < maxAddresses) counted.addresses.add(address);
    this.#timer ??= setTimeout(() => this.flush(), intervalMilliseconds).unref();
  }

  /** Writes the counts of what was not written, and begins a new interval. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [kind, { count, addresses }] of this.#counted) {
      if (count <= linesEach) continue;
      const from = addresses.size < maxAddresses ? `${addresses.size}` : `${maxAddresses} or more`;
      this.#log.line(`${count - linesEach} more: ${kind}, from ${from} addresses`);
    }
    this.#counted.clear();
  }
}
