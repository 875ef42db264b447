import { Database } from "bun:sqlite";
import { join } from "node:path";
import { isBusy } from "./lock.ts";
import { formatStatusTime, type StatusChange, type StatusStore } from "./status.ts";

/** xcatd writes to the same file: how long others are waited for in all, and for how long nothing else is served. */
const waitMilliseconds = 10_000;
const busyMilliseconds = 20;

/** `nodelist.sqlite` as xCAT has it in /etc/xcat. */
export function sqliteStatusStore(directory: string): StatusStore {
  const path = join(directory, "nodelist.sqlite");
  return {
    description: path,
    async write(changes) {
      const end = performance.now() + waitMilliseconds;
      for (;;) {
        try {
          return update(path, changes);
        } catch (error) {
          if (!isBusy(error) || performance.now() > end) throw error;
        }
        await Bun.sleep(busyMilliseconds * (1 + Math.random()));
      }
    },
  };
}

function update(path: string, changes: readonly StatusChange[]): void {
  const database = new Database(path, { readwrite: true, create: false });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMilliseconds}`);
    const statement = database.query("UPDATE nodelist SET status = ?, statustime = ? WHERE node = ?");
    const all = database.transaction(() => {
      for (const { node, status, at } of changes) statement.run(status, formatStatusTime(at), node);
    });
    all.immediate();
  } finally {
    database.close();
  }
}
