import type { Table } from "../../agent/rows/table.ts";

/**
 * What booting nodes have written into `nodelist`, again and again: read with the rest, but no reason to read or work out
 * anything anew. Otherwise a storm of boots would be a storm of reading, and nothing that a node is told depends on it.
 */
const restless: ReadonlySet<string> = new Set(
  ["status", "statustime", "appstatus", "appstatustime", "updatestatus", "updatestatustime"].map(
    (column) => `nodelist.${column}`,
  ),
);

/** The columns whose change matters. */
export function steadyColumns(table: string, columns: readonly string[]): readonly string[] {
  return columns.filter((column) => !restless.has(`${table}.${column}`));
}

/** Whether two readings of a table differ in nothing that matters. */
export function sameButRestless(before: Table, after: Table): boolean {
  if (before.columns.join() !== after.columns.join() || before.rows.length !== after.rows.length)
    return false;
  const steady = new Set(steadyColumns(after.name, after.columns));
  const positions = after.columns.flatMap((column, position) => (steady.has(column) ? [position] : []));
  return after.rows.every((row, index) => {
    const old = before.rows[index];
    return (
      old?.line === row.line && positions.every((position) => old.cells[position] === row.cells[position])
    );
  });
}
