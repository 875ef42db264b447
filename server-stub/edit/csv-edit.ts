import { parseCsv, readRow } from "../../agent/rows/csv.ts";
import { columnsOf, type TableEdit } from "./editor.ts";

/**
 * The text of a table in tabdump form with some cells changed. Every other line stays as it is: comments, order, blank
 * lines, rows that nobody can read. A changed row is written as tabdump writes it; of several rows with one key it is
 * the first that is not disabled. Added rows come last.
 *
 * @param text latin-1
 * @throws Error where the header lacks one of the columns
 */
export function editCsv(text: string, { key, rows, missing }: Omit<TableEdit, "table">): string {
  const { table, problems } = parseCsv("edited", text, "");
  if (table === undefined) throw new Error(problems[0]?.found ?? "no table");
  const { columns } = table;
  for (const column of [key, ...columnsOf({ rows })])
    if (!columns.includes(column)) throw new Error(`its header has no column ${column}`);
  const lines = text.split("\n");
  const plain = lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  // Only at the end, so that the numbers of the rows that follow stay right.
  const dropped = new Set<number>();
  const added: string[] = [];
  for (const [value, change] of rows) {
    const row = table.rowsWhere(key, value)[0];
    if (row === undefined) {
      if (missing === "add") added.push(formatRow(columns, { ...change, [key]: value }));
      continue;
    }
    const at = row.line - 1;
    const used = readRow(plain, at).lines;
    const end = lines[at + used - 1]?.endsWith("\r") ? "\r" : "";
    const cells = Object.fromEntries(columns.map((column) => [column, table.cell(row, column)]));
    lines[at] = `${formatRow(columns, { ...cells, ...change })}${end}`;
    for (let rest = at + 1; rest < at + used; rest += 1) dropped.add(rest);
  }
  const kept = lines.filter((_, index) => !dropped.has(index)).join("\n");
  if (added.length === 0) return kept;
  return `${kept}${kept.endsWith("\n") ? "" : "\n"}${added.join("\n")}\n`;
}

function formatRow(columns: readonly string[], cells: Readonly<Record<string, string>>): string {
  return columns.map((column) => formatCell(cells[column] ?? "")).join(",");
}

function formatCell(value: string): string {
  return value === "" ? "" : `"${value.replaceAll('"', '""')}"`;
}
