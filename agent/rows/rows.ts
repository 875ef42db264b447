import { hasValue, type Row, type TableSet, tableOf } from "./table.ts";

/** A litefile row as it applies to an image. */
export interface ImageLitefileRow {
  readonly file: string;
  /** As xcatd would send it: never empty. */
  readonly options: string;
  /** Where it stands, for messages; absent for the row that is always there. */
  readonly origin?: string;
}

/** A litetree row as it applies to an image, variables not yet substituted. */
export interface ImageLitetreeRow {
  readonly priority: string;
  readonly directory: string;
  readonly mntopts: string;
}

const mtab = "/etc/mtab";

/**
 * The litefile rows of an image, by the byte order of their paths: the image's name beats `ALL` beats the
 * group, for each path as it is written. `/etc/mtab` is always there and always a link.
 */
export function litefileRows(set: TableSet, image: string): readonly ImageLitefileRow[] {
  const table = tableOf(set, "litefile");
  const rows = new Map<string, ImageLitefileRow>();
  const selectors = [groupText(set, image), "ALL", image].filter((selector) => selector !== "");
  for (const row of selectors.flatMap((selector) => table.rowsWhere("image", selector))) {
    const file = table.cell(row, "file");
    if (file === "") continue;
    const options = table.cell(row, "options");
    const sent = file === mtab || !hasValue(options) ? "tmpfs,rw" : options;
    rows.set(file, { file, options: sent, origin: `${table.origin} line ${row.line}` });
  }
  if (!rows.has(mtab)) rows.set(mtab, { file: mtab, options: "link" });
  return [...rows.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** The litetree rows of an image in the numeric order of their priorities; see {@link litefileRows}. */
export function litetreeRows(set: TableSet, image: string): readonly ImageLitetreeRow[] {
  const table = tableOf(set, "litetree");
  const rows = new Map<string, ImageLitetreeRow>();
  const group = groupText(set, image);
  for (const selector of group === "" ? ["", "ALL", image] : [group, "", "ALL", image]) {
    for (const row of table.rowsWhere("image", selector)) {
      const directory = table.cell(row, "directory");
      const priority = table.cell(row, "priority");
      if (directory !== "") rows.set(priority, { priority, directory, mntopts: table.cell(row, "mntopts") });
    }
  }
  return [...rows.values()].sort((a, b) => perlNumber(a.priority) - perlNumber(b.priority));
}

/** `osimage.groups` of the image as one text: `g1,g2` is not `g1`. */
function groupText(set: TableSet, image: string): string {
  const osimage = tableOf(set, "osimage");
  const row = osimage.rowsWhere("imagename", image)[0];
  return row === undefined ? "" : osimage.cell(row, "groups");
}

/**
 * The rows that never reach a node although they are in the tables, in words: a real xcatd drops them
 * without saying so.
 */
export function droppedRows(set: TableSet): readonly string[] {
  const litefile = tableOf(set, "litefile");
  const litetree = tableOf(set, "litetree");
  const place = (origin: string, row: Row): string => `${origin} line ${row.line}`;
  const notes: string[] = [];
  for (const row of litefile.rows) {
    if (litefile.cell(row, "image") === "")
      notes.push(
        `${place(litefile.origin, row)}: no image is named, so the row applies to none; write ALL for all of them`,
      );
    else if (litefile.cell(row, "file") === "")
      notes.push(`${place(litefile.origin, row)}: no file is named`);
  }
  const seen = new Map<number, Row>();
  for (const row of litetree.rows) {
    if (litetree.cell(row, "directory") === "") {
      notes.push(`${place(litetree.origin, row)}: no directory is named`);
      continue;
    }
    const number = perlNumber(litetree.cell(row, "priority"));
    const other = seen.get(number);
    if (other === undefined) seen.set(number, row);
    else if (litetree.cell(other, "priority") === litetree.cell(row, "priority"))
      notes.push(
        `${place(litetree.origin, row)}: line ${other.line} has the same priority; where both apply to an image, one is dropped`,
      );
    else
      notes.push(
        `${place(litetree.origin, row)}: line ${other.line} has an equal priority; which comes first is undefined`,
      );
  }
  return notes;
}

/** Options padded to 13 characters, then the path: the line of `litefile` after the node's name. */
export function formatLitefileRow(row: { readonly options: string; readonly file: string }): string {
  return `${row.options.padEnd(13)} ${row.file}`;
}

/** The number that Perl sees at the beginning of a text, 0 where there is none. */
export function perlNumber(text: string): number {
  const digits = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(text);
  return digits === null ? 0 : Number(digits[0]);
}
