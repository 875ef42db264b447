import { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { ParsedTable } from "../../agent/rows/csv.ts";
import { type Row, Table } from "../../agent/rows/table.ts";
import type { FileFormat } from "./folder-source.ts";
import { quote } from "./sql.ts";
import { busyPragma, whenFree } from "./sqlite.ts";

/**
 * `<table>.sqlite`, xCAT's own database as it lies in /etc/xcat: one file with one table of that name. Rows
 * come in the order in which they were written; NULL is empty text. Opened for reading only.
 */
export const sqliteFiles: FileFormat = {
  description: "SQLite files",
  extension: ".sqlite",
  // With journal_mode=WAL: the file itself changes hours later.
  beside: "-wal",
  read: (path, name) => whenFree(() => readOnce(path, name)),
};

function readOnce(path: string, name: string): ParsedTable {
  const database = new Database(path, { readonly: true });
  try {
    database.run(busyPragma);
    // What is looked at is of one moment.
    database.run("BEGIN");
    checkWhole(database, path);
    const columns = database
      .query<{ name: string }, [string]>("SELECT name FROM pragma_table_info(?)")
      .all(name)
      .map((column) => column.name);
    if (columns.length === 0)
      return { problems: [{ origin: path, line: 0, found: `there is no table ${name} in it` }] };
    // As bytes: xCAT stores what it was given, which need not be UTF-8.
    const list = columns.map((column) => `CAST(${quote(column)} AS BLOB)`).join(", ");
    const records = database.query(`SELECT ${list} FROM ${quote(name)} ORDER BY rowid`).values();
    const rows = records.map((record, index): Row => ({ line: index + 1, cells: record.map(cellText) }));
    return { table: new Table(name, columns, rows, path), problems: [] };
  } finally {
    database.close();
  }
}

/**
 * SQLite takes what a copy that was cut short lacks for zeros, and so for empty cells.
 *
 * @throws where the file is damaged
 */
function checkWhole(database: Database, path: string): void {
  const value = (pragma: string) =>
    Object.values(database.query<object, []>(`PRAGMA ${pragma}`).get() ?? {})[0];
  const found = String(value("quick_check(1)"));
  if (found !== "ok") throw new Error(`it is damaged: ${found.replaceAll("\n", " ")}`);
  const { size } = statSync(path);
  if (size % Number(value("page_size")) !== 0) throw new Error(`it is cut short: ${size} bytes`);
}

function cellText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : "";
}
