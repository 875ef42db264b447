import { type Row, Table } from "./table.ts";

/** Limits of one file: beyond them something else than a table was given. */
const maxColumns = 256;
const maxFieldLength = 65_536;
/** A quoted value may hold newlines; one that spans more lines than this is a forgotten quote. */
const maxLinesPerRow = 64;

/**
 * Columns without which the rows of a table say something else, or nothing: a header with a typing error in one of them
 * would make a table of all files one of none, and a policy row for one command one for all.
 */
const needed: ReadonlyMap<string, readonly string[]> = new Map([
  ["nodelist", ["node"]],
  ["nodetype", ["node"]],
  ["noderes", ["node"]],
  ["statelite", ["node"]],
  ["osimage", ["imagename"]],
  ["linuximage", ["imagename"]],
  ["litefile", ["image", "file", "options"]],
  ["litetree", ["priority", "image", "directory"]],
  ["policy", ["priority", "commands", "rule"]],
  ["site", ["key", "value"]],
]);

/** A row, or a whole table, that could not be read. `line` is 0 for the whole. */
export interface TableProblem {
  readonly origin: string;
  readonly line: number;
  readonly found: string;
}

export interface ParsedTable {
  /** Absent where there is no header, or one without what matters: then nothing in the file can be understood. */
  readonly table?: Table;
  readonly problems: readonly TableProblem[];
}

/**
 * Reads a table in the form `tabdump` writes and `tabrestore` reads: a header `#column,column`, then rows of
 * fields, quoted or bare, with blanks around them; a quote inside a quoted field is doubled; further lines
 * that begin with `#` are comments. A row that cannot be read is named and left out, the others stay.
 *
 * @param text latin-1
 */
export function parseCsv(name: string, text: string, origin: string): ParsedTable {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const header = headerLine(lines);
  const columns = headerColumns(lines[header]);
  if (columns === undefined) {
    const found = "no header line such as #node,groups,comments,disable";
    return { problems: [{ origin, line: 0, found }] };
  }
  const lacking = (needed.get(name) ?? []).filter((column) => !columns.includes(column));
  if (lacking.length > 0)
    return { problems: [{ origin, line: 0, found: `no column ${lacking.join(", ")} in its header` }] };
  const rows: Row[] = [];
  const problems: TableProblem[] = [];
  for (let at = header + 1; at < lines.length; ) {
    const first = lines[at]?.trim() ?? "";
    if (first === "" || first.startsWith("#")) {
      at += 1;
      continue;
    }
    const read = readRow(lines, at);
    const problem = read.problem ?? surplus(read.fields, columns.length);
    if (problem === undefined) {
      rows.push({ line: at + 1, cells: read.fields.slice(0, columns.length) });
      at += read.lines;
    } else {
      problems.push({ origin, line: at + 1, found: problem });
      at += 1;
    }
  }
  return { table: new Table(name, columns, rows, origin), problems };
}

/** Editors put a byte order mark before it, and people their remarks. */
const byteOrderMark = "\xef\xbb\xbf";

/** The first line that names columns; a remark before it may look like a single one. */
function headerLine(lines: readonly string[]): number {
  const blankOrRemark = /^(?:\xef\xbb\xbf)?\s*(?:#|$)/;
  const first = lines.findIndex((line) => !blankOrRemark.test(line));
  const before = lines.slice(0, first === -1 ? lines.length : first).map(headerColumns);
  const several = before.findIndex((columns) => columns !== undefined && columns.length > 1);
  return several === -1 ? before.findIndex((columns) => columns !== undefined) : several;
}

function headerColumns(line: string | undefined): string[] | undefined {
  const text = line?.replace(byteOrderMark, "");
  if (text === undefined || !text.startsWith("#")) return undefined;
  const columns = text
    .slice(1)
    .split(",")
    .map((column) => column.trim().replace(/^"(.*)"$/, "$1"));
  return columns.length <= maxColumns && columns.every((c) => /^\w+$/.test(c)) ? columns : undefined;
}

/** Tables in the cookbooks end their rows with more commas than there are columns. */
function surplus(fields: readonly string[], columns: number): string | undefined {
  const beyond = fields.slice(columns).findIndex((field) => field !== "");
  return beyond === -1 ? undefined : `${columns + beyond + 1} fields where the header has ${columns} columns`;
}

/** One row's text, taken apart. */
export interface ReadRow {
  readonly fields: readonly string[];
  /** Lines that the row takes, 1 but for newlines in quotes. */
  readonly lines: number;
  readonly problem?: string;
}

/** Reads the fields that begin on `lines[first]`; only a quoted field goes on to further lines. */
export function readRow(lines: readonly string[], first: number): ReadRow {
  const fields: string[] = [];
  const bad = (problem: string): ReadRow => ({ fields, lines: 1, problem });
  let used = 1;
  let text = lines[first] ?? "";
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t") at += 1;
    if (text[at] !== '"') {
      const comma = text.indexOf(",", at);
      const end = comma === -1 ? text.length : comma;
      fields.push(text.slice(at, end).trimEnd());
      at = end;
    } else {
      let value = "";
      at += 1;
      for (;;) {
        const quote = text.indexOf('"', at);
        if (quote === -1) {
          const next = lines[first + used];
          if (next === undefined || used >= maxLinesPerRow) return bad("a quote is not closed");
          value += `${text.slice(at)}\n`;
          text = next;
          at = 0;
          used += 1;
        } else if (text[quote + 1] === '"') {
          value += text.slice(at, quote + 1);
          at = quote + 2;
        } else {
          value += text.slice(at, quote);
          at = quote + 1;
          break;
        }
      }
      if (value.length > maxFieldLength) return bad("a field of over 64 KiB");
      fields.push(value);
      while (text[at] === " " || text[at] === "\t") at += 1;
    }
    if (at >= text.length) return { fields, lines: used };
    if (text[at] !== ",") return bad(`text after the closing quote of field ${fields.length}`);
    if (fields.length > maxColumns) return bad(`over ${maxColumns} fields`);
    at += 1;
  }
}
