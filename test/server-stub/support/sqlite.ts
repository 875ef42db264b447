import { Database } from "bun:sqlite";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { parseCsv } from "../../../agent/rows/csv.ts";

/** A new folder with the tables of a folder of CSV files as xCAT keeps them: a SQLite file each, empty as NULL. */
export async function makeSqlite(csv: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "statelite-sqlite-"));
  for (const file of await readdir(csv)) {
    const name = file.replace(/\.csv$/, "");
    const { table } = parseCsv(name, await Bun.file(join(csv, file)).text(), file);
    invariant(table !== undefined);
    const { columns } = table;
    const database = new Database(join(directory, `${name}.sqlite`));
    database.run(`CREATE TABLE "${name}" (${columns.map((column) => `"${column}" TEXT`).join(", ")})`);
    const insert = database.query(`INSERT INTO "${name}" VALUES (${columns.map(() => "?").join(", ")})`);
    for (const row of table.rows) insert.run(...columns.map((column) => table.cell(row, column) || null));
    database.close();
  }
  return directory;
}
