import { parseCsv, readRow } from "../../agent/rows/csv.ts";

/** New values of a row by column. */
export type RowChange = Readonly<Record<string, string>>;

export interface EditedCsv {
  readonly text: string;
  /** Keys of `changes` that no row has. */
  readonly missing: readonly string[];
}

/**
 * Changes cells of a table in tabdump form and leaves every other line as it is: comments, order, blank lines, rows
 * that nobody can read. A changed row is written as tabdump writes it.
 *
 * @param text latin-1
 * @param key the column by whose value rows are chosen; of several rows with one value the first that is not disabled
 * @throws Error where the header lacks one of the columns
 */
export function editCsv(text: string, key: string, changes: ReadonlyMap<string, RowChange>): EditedCsv {
  const { table, problems } = parseCsv("edited", text, "");
  if (table === undefined) throw new Error(problems[0]?.found ?? "no table");
  const { columns } = table;
  for (const column of [key, ...[...changes.values()].flatMap(Object.keys)])
    if (!columns.includes(column)) throw new Error(`its header has no column ${column}`);
  const lines = text.split("\n");
  const plain = lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const missing: string[] = [];
  const dropped = new Set<number>();
  for (const [value, change] of changes) {
    const row = table.rowsWhere(key, value)[0];
    if (row === undefined) {
      missing.push(value);
      continue;
    }
    const at = row.line - 1;
    const used = readRow(plain, at).lines;
    const end = lines[at + used - 1]?.endsWith("\r") ? "\r" : "";
    const cells = columns.map((column) => change[column] ?? table.cell(row, column));
    lines[at] = `${cells.map(formatCell).join(",")}${end}`;
    // Not removed: the numbers of the rows that follow must stay right until the end.
    for (let rest = at + 1; rest < at + used; rest += 1) dropped.add(rest);
  }
  return { text: lines.filter((_, index) => !dropped.has(index)).join("\n"), missing };
}

function formatCell(value: string): string {
  return value === "" ? "" : `"${value.replaceAll('"', '""')}"`;
}
