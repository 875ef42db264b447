import { Database } from "bun:sqlite";
import { isBusy } from "../tables/sqlite.ts";

const waitMilliseconds = 10_000;
const pauseMilliseconds = 10;

/**
 * Runs a task while no other server has the lock, also on other machines that share the directory. It is the lock
 * of an empty SQLite database (fcntl(2)): the kernel gives it back when its holder dies, so that none is ever stale.
 *
 * @param path of the file that stands for the lock; made where it is not there, and left there
 * @throws Error where somebody else keeps it for over 10 s, or it cannot be made
 */
export async function withFileLock<T>(path: string, task: () => Promise<T>): Promise<T> {
  const database = openLock(path);
  try {
    database.run("PRAGMA busy_timeout = 0"); // To wait inside SQLite would stop the whole server.
    await acquire(database, path);
    return await task();
  } finally {
    database.close();
  }
}

function openLock(path: string): Database {
  try {
    return new Database(path, { create: true, readwrite: true });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new Error(`the lock ${path} cannot be had (${found}): may its folder be written to?`, {
      cause: error,
    });
  }
}

async function acquire(database: Database, path: string): Promise<void> {
  const end = performance.now() + waitMilliseconds;
  for (;;) {
    try {
      database.run("BEGIN EXCLUSIVE");
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    if (performance.now() > end)
      throw new Error(`another server has had the lock ${path} for over ${waitMilliseconds / 1000} s`);
    await Bun.sleep(pauseMilliseconds * (0.5 + Math.random()));
  }
}
