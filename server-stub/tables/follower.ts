import type { ServerLog } from "../log.ts";

/** Whoever changes tables seldom changes one thing only: wait until that is over. */
const settleMilliseconds = 50;

/** What is followed, and how. */
export interface Followed {
  /** For messages: `CSV files in /etc/xcat/tables`. */
  readonly description: string;
  /**
   * Brings the content up to date; never called while it is at work.
   *
   * @returns after how many milliseconds to look again, where that is sooner than ever
   */
  refresh(): Promise<number | undefined>;
  /** From the end of one look to the next. */
  readonly pollMilliseconds: number;
}

/** A follower at work. */
export interface Follower {
  /** Looks soon: something is said to have changed. */
  soon(): void;
  stop(): void;
}

/**
 * Looks again and again, one look at a time. A look that fails is said once, not at every look, and so is that it
 * works again; what was known before stays in use meanwhile.
 */
export function follow({ description, refresh, pollMilliseconds }: Followed, log: ServerLog): Follower {
  let stopped = false;
  let running = false;
  let again = false;
  let failure = "";
  let pending: Timer | undefined;
  const later = (milliseconds: number): void => {
    clearTimeout(pending);
    if (!stopped) pending = setTimeout(() => void look(), milliseconds);
  };
  const look = async (): Promise<void> => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    again = false;
    let next: number | undefined;
    try {
      next = await refresh();
      if (failure !== "" && !stopped) log.line(`tables: ${description}: can be read again`);
      failure = "";
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      // What is under way when the source is closed fails, as it should.
      if (found !== failure && !stopped)
        log.line(`tables: ${description}: ${found}; the last content stays in use`);
      failure = found;
    }
    running = false;
    later(again ? settleMilliseconds : Math.min(next ?? pollMilliseconds, pollMilliseconds));
  };
  later(pollMilliseconds);
  return {
    soon: () => later(settleMilliseconds),
    stop: () => {
      stopped = true;
      clearTimeout(pending);
    },
  };
}
