import { Database } from "bun:sqlite";
import { join } from "node:path";
import { quote } from "../tables/sql.ts";
import { bytesToText } from "../text.ts";
import { columnsOf, type TableEdit, type TableEditor } from "./editor.ts";
import { isBusy } from "./lock.ts";

/** xcatd writes to the same file: how long others are waited for in all, and for how long nothing else is served. */
const waitMilliseconds = 10_000;
const busyMilliseconds = 20;

/** xCAT's own files as they lie in /etc/xcat, a `<table>.sqlite` for each table. */
export function sqliteFilesEditor(directory: string): TableEditor {
  const pathOf = (table: string): string => join(directory, `${table}.sqlite`);
  return {
    describe: pathOf,
    async edit(edit) {
      const end = performance.now() + waitMilliseconds;
      for (;;) {
        try {
          return editOnce(pathOf(edit.table), edit);
        } catch (error) {
          if (!isBusy(error) || performance.now() > end) throw error;
        }
        await Bun.sleep(busyMilliseconds * (1 + Math.random()));
      }
    },
  };
}

function editOnce(path: string, edit: TableEdit): void {
  const { table, key, rows, missing } = edit;
  const columns = columnsOf(edit);
  const assigned = columns.map((column) => `${quote(column)} = nullif(?, '')`).join(", ");
  const names = [...columns, key].map(quote).join(", ");
  const marks = [...columns.map(() => "nullif(?, '')"), "?"].join(", ");
  const database = new Database(path, { readwrite: true, create: false });
  try {
    database.run(`PRAGMA busy_timeout = ${busyMilliseconds}`);
    const update = database.query(`UPDATE ${quote(table)} SET ${assigned} WHERE ${quote(key)} = ?`);
    const insert = database.query(`INSERT INTO ${quote(table)} (${names}) VALUES (${marks})`);
    const all = database.transaction(() => {
      for (const [value, change] of rows) {
        const values = [...columns.map((column) => change[column] ?? ""), value].map(bytesToText);
        const { changes } = update.run(...values);
        if (changes === 0 && missing === "add") insert.run(...values);
      }
    });
    all.immediate();
  } finally {
    database.close();
  }
}
