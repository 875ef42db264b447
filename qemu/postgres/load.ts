import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SQL } from "bun";
import invariant from "tiny-invariant";
import { parseCsv } from "../../agent/rows/csv.ts";

/** So many rows a statement. */
const BATCH = 1000;

/**
 * Makes the tables of a folder of CSV files in a database, as xCAT has them there: columns quoted, text, empty as NULL.
 * What was in a table of the same name goes.
 */
export async function loadTables(sql: SQL, folder: string): Promise<void> {
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".csv"))) {
    const name = file.replace(/\.csv$/, "");
    const { table, problems } = parseCsv(name, await readFile(join(folder, file), "utf8"), file);
    invariant(table !== undefined && problems.length === 0, `${file}: ${JSON.stringify(problems)}`);
    const { columns } = table;
    await sql.begin(async (transaction) => {
      await transaction.unsafe(`DROP TABLE IF EXISTS "${name}"`);
      await transaction.unsafe(`CREATE TABLE "${name}" (${columns.map((c) => `"${c}" TEXT`).join(", ")})`);
      for (let at = 0; at < table.rows.length; at += BATCH) {
        const rows = table.rows.slice(at, at + BATCH);
        const values = rows.map((row) => `(${columns.map((c) => literal(table.cell(row, c))).join(", ")})`);
        await transaction.unsafe(`INSERT INTO "${name}" VALUES ${values.join(", ")}`);
      }
    });
  }
}

function literal(value: string): string {
  return value === "" ? "NULL" : `E'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
