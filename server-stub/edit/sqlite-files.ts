import { Database } from "bun:sqlite";
import { join } from "node:path";
import { quote } from "../tables/sql.ts";
import { busyPragma, whenFree } from "../tables/sqlite.ts";
import { bytesToText } from "../text.ts";
import { columnsOf, type TableEdit, type TableEditor } from "./editor.ts";

/** xCAT's own files as they lie in /etc/xcat, a `<table>.sqlite` for each table. */
export function sqliteFilesEditor(directory: string): TableEditor {
  const pathOf = (table: string): string => join(directory, `${table}.sqlite`);
  return {
    describe: pathOf,
    edit: (edit) => whenFree(() => editOnce(pathOf(edit.table), edit)),
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
    database.run(busyPragma);
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
