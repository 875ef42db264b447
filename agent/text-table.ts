import { printable } from "./errors.ts";

export type Cell = string | number;

/** A cell wider than this does not push the others aside. */
const WIDEST = 60;

/**
 * Rows as lines, each column as wide as its widest cell; text from outside made harmless.
 * @param toTheRight which cells are set to the right: numbers, unless it says otherwise
 */
export function alignColumns(
  rows: readonly (readonly Cell[])[],
  toTheRight: (cell: Cell, column: number) => boolean = (cell) => typeof cell === "number",
): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths: number[] = [];
  for (const row of texts)
    for (const [column, text] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, Math.min(text.length, WIDEST));
  return rows.map((row, index) =>
    row
      .map((cell, column) => {
        const [text = "", width = 0] = [texts[index]?.[column], widths[column]];
        return toTheRight(cell, column) ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
