import invariant from "tiny-invariant";
import { parseCsv } from "../../../agent/rows/csv.ts";
import type { Table, TableSet } from "../../../agent/rows/table.ts";

/** A set of tables from CSV texts; their rows must all be good. */
export function tableSet(texts: Readonly<Record<string, string>>): TableSet {
  const tables = new Map<string, Table>();
  for (const [name, text] of Object.entries(texts)) {
    const { table, problems } = parseCsv(name, text, `${name}.csv`);
    invariant(table !== undefined && problems.length === 0, JSON.stringify(problems));
    tables.set(name, table);
  }
  return { tables };
}
