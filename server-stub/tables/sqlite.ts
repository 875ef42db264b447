const waitMilliseconds = 10_000;
/** For how long nothing else is served: to wait inside SQLite stops the whole server. */
const busyMilliseconds = 20;

/** What a database is to be told before the work of {@link whenFree}. */
export const busyPragma = `PRAGMA busy_timeout = ${busyMilliseconds}`;

/**
 * Does some work in a SQLite database, again until nobody else has it locked: xcatd uses the same files.
 *
 * @throws what the work throws; also that it is locked, after 10 s
 */
export async function whenFree<T>(work: () => T): Promise<T> {
  const end = performance.now() + waitMilliseconds;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await Bun.sleep(busyMilliseconds * (1 + Math.random()));
  }
}

/** Whether SQLite says that somebody else is at it. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SQLITE_BUSY";
}
