import { boundWaits, connectPostgres, within } from "../tables/postgres-connection.ts";
import { describePostgres, type PostgresLocation } from "../tables/postgres-location.ts";
import { quote } from "../tables/sql.ts";
import { bytesToText } from "../text.ts";
import { columnsOf, type TableEditor } from "./editor.ts";

const editSeconds = 20;

/**
 * xCAT's database in PostgreSQL. The user needs `GRANT UPDATE`, and `INSERT` where rows are added; one who may only read
 * is enough for all else, and learns it by the first edit.
 */
export function postgresEditor(location: PostgresLocation): TableEditor {
  return {
    describe: (table) => `${describePostgres(location)}, table ${table}`,
    async edit(edit) {
      const { table, key, rows, missing } = edit;
      const columns = columnsOf(edit);
      const names = [key, ...columns].map(quote);
      const target = quote(table);
      const assigned = columns.map(quote).map((column) => `${column} = nullif(new.${column}, '')`);
      // As JSON: one value whatever is in it, and one statement however many rows there are.
      const source = `jsonb_to_recordset($1::jsonb) AS new(${names.map((name) => `${name} text`).join(", ")})`;
      const records = [...rows].map(([value, change]) => {
        const cells = Object.entries({ ...change, [key]: value });
        return Object.fromEntries(cells.map(([column, cell]) => [column, bytesToText(cell)]));
      });
      const same = `${target}.${quote(key)} = new.${quote(key)}`;
      // A connection for each edit: edits are few, and what is idle between them need not be watched.
      const connection = connectPostgres(location);
      const write = connection.begin(async (sql) => {
        await boundWaits(sql, editSeconds);
        const values = [JSON.stringify(records)];
        await sql.unsafe(`UPDATE ${target} SET ${assigned.join(", ")} FROM ${source} WHERE ${same}`, values);
        if (missing === "leave") return;
        const added = [`new.${names[0]}`, ...columns.map((column) => `nullif(new.${quote(column)}, '')`)];
        await sql.unsafe(
          `INSERT INTO ${target} (${names.join(", ")}) SELECT ${added.join(", ")} FROM ${source}
            WHERE NOT EXISTS (SELECT 1 FROM ${target} WHERE ${same})`,
          values,
        );
      });
      try {
        await within(editSeconds, write);
      } finally {
        await connection.close({ timeout: 0 });
      }
    },
  };
}
