import { printable } from "./errors.ts";

export type Cell = string | number;

/** A cell wider than this does not push the others aside. */
const WIDEST = 60;

/** A last column narrower than this is not wrapped: it would be one long stripe. */
const NARROWEST = 24;

export interface TableForm {
  /** Which cells are set to the right: numbers, unless it says otherwise. */
  readonly toTheRight?: (cell: Cell, column: number) => boolean;
  /** Columns of the terminal: the last cell of a row goes on below itself. Endless where not given. */
  readonly width?: number | undefined;
}

/**
 * Rows as lines, each column as wide as its widest cell, counted as a terminal shows it; text from outside made
 * harmless. A row that is wrapped has newlines in it.
 */
export function alignColumns(
  rows: readonly (readonly Cell[])[],
  { toTheRight = (cell) => typeof cell === "number", width = Infinity }: TableForm = {},
): string[] {
  const texts = rows.map((row) => row.map((cell) => printable(String(cell))));
  const widths: number[] = [];
  for (const row of texts)
    for (const [column, text] of row.entries())
      widths[column] = Math.max(widths[column] ?? 0, Math.min(Bun.stringWidth(text), WIDEST));
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const text = texts[index]?.[column] ?? "";
      const space = " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(text)));
      return toTheRight(cell, column) ? space + text : text + space;
    });
    const last = cells.pop() ?? "";
    const before = cells.map((cell) => `${cell}  `).join("");
    return (before + wrapText(last.trimEnd(), width, Bun.stringWidth(before))).trimEnd();
  });
}

/**
 * Text that begins at column `indent` of a terminal, broken between words where it can be; what does not fit in a line
 * goes on below, at the same column.
 */
export function wrapText(text: string, width = Infinity, indent = 0): string {
  const room = width - indent;
  if (room < NARROWEST || Bun.stringWidth(text) <= room) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<= )/)) {
    for (const piece of pieces(word, room)) {
      if (line !== "" && Bun.stringWidth((line + piece).trimEnd()) > room) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += piece;
    }
  }
  return [...lines, line.trimEnd()].join(`\n${" ".repeat(indent)}`);
}

/** A word by parts that fit. */
function pieces(word: string, room: number): string[] {
  const found: string[] = [];
  let [piece, used] = ["", 0];
  for (const character of word) {
    const width = Bun.stringWidth(character);
    if (used + width > room && character !== " ") {
      found.push(piece);
      [piece, used] = ["", 0];
    }
    piece += character;
    used += width;
  }
  return [...found, piece];
}
