/**
 * Bun works on five TLS handshakes in a turn of its event loop and takes the newest first, so that in a storm the oldest
 * wait until it is over. Each handshake is read from twice: with two begun in a turn there is never one left over.
 */
const perTurn = 2;

/** Lets things begin in the order in which they came, a few in each turn of the event loop. */
export class Turnstile {
  #waiting: (() => void)[] = [];
  /** Where in `#waiting` the next one is: to take it out from the front would cost as much as the queue is long. */
  #next = 0;
  #turning = false;

  enter(begin: () => void): void {
    this.#waiting.push(begin);
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    for (let count = 0; count < perTurn; count += 1) this.#waiting[this.#next++]?.();
    if (this.#next < this.#waiting.length) {
      setImmediate(this.#turn);
      return;
    }
    this.#waiting = [];
    this.#next = 0;
    this.#turning = false;
  };
}
