/** How long to wait after each round of failed attempts, in milliseconds. */
export interface Backoff {
  /** The bound of the first wait; it doubles with each round. */
  readonly first: number;
  /** The bound of the longest. */
  readonly longest: number;
}

/**
 * Soon enough after a server's return for a person who waits, and spread over long enough for a cluster that does:
 * ten thousand nodes that come back within 15 s are 700 a second.
 */
export const BACKOFF: Backoff = { first: 1000, longest: 15_000 };

/**
 * Exponential backoff with full jitter: anything between nothing and the bound, so that nodes that failed together
 * do not come back together. `random` gives [0, 1), `round` counts from 0.
 */
export function backoff(round: number, random: () => number, { first, longest }: Backoff = BACKOFF): number {
  return random() * Math.min(longest, first * 2 ** Math.min(round, 30));
}
