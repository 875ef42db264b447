/**
 * Bun works on five TLS handshakes in a turn of its event loop and takes the newest first, so that in a storm the oldest
 * wait until it is over. Each handshake is read from twice: with two begun in a turn there is never one left over.
 */
const perTurn = 2;

/** Lets things begin in the order in which they came, a few in each turn of the event loop. */
export class Turnstile {
  /** Who came while `#entering` is let in: taking from the front of one list would cost as much as it is long. */
  #waiting: (() => void)[] = [];
  /** In reverse, so that the next one is the last. */
  #entering: (() => void)[] = [];
  #turning = false;

  enter(begin: () => void): void {
    this.#waiting.push(begin);
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    for (let count = 0; count < perTurn; count += 1) {
      if (this.#entering.length === 0) {
        this.#entering = this.#waiting.reverse();
        this.#waiting = [];
      }
      this.#entering.pop()?.();
    }
    this.#turning = this.#entering.length + this.#waiting.length > 0;
    if (this.#turning) setImmediate(this.#turn);
  };
}
