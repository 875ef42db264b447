import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { parseCsv } from "../agent/rows/csv.ts";

/** Makes the tables of a folder of CSV files as xCAT keeps them in /etc/xcat: a SQLite file each, empty as NULL. */
export async function makeSqlite(csv: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const file of (await readdir(csv)).filter((name) => name.endsWith(".csv"))) {
    const name = file.replace(/\.csv$/, "");
    const { table, problems } = parseCsv(name, await readFile(join(csv, file), "utf8"), file);
    invariant(table !== undefined && problems.length === 0, `${file}: ${JSON.stringify(problems)}`);
    const { columns } = table;
    const database = new Database(join(directory, `${name}.sqlite`));
    database.run(`CREATE TABLE "${name}" (${columns.map((column) => `"${column}" TEXT`).join(", ")})`);
    const insert = database.query(`INSERT INTO "${name}" VALUES (${columns.map(() => "?").join(", ")})`);
    for (const row of table.rows) insert.run(...columns.map((column) => table.cell(row, column) || null));
    database.close();
  }
}
