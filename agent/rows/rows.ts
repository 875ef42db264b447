import { hasValue, type Row, type Table, type TableSet, tableOf } from "./table.ts";

/** Which row of a table it is, and by what it applies. */
export interface RowPlace {
  /** `litefile.csv line 4`. */
  readonly place: string;
  /** Its image column: the image's name, `ALL`, the image's groups, empty. */
  readonly image: string;
}

/** Where something comes from, and the rows for the same that it goes before. */
export interface RowOrigin extends RowPlace {
  readonly insteadOf: readonly RowPlace[];
}

/** A litefile row as it applies to an image. */
export interface ImageLitefileRow {
  readonly file: string;
  /** As xcatd would send it: never empty. */
  readonly options: string;
  /** Absent for the row that is always there. */
  readonly origin?: RowOrigin;
}

/** A litetree row as it applies to an image, variables not yet substituted. */
export interface ImageLitetreeRow {
  readonly priority: string;
  readonly directory: string;
  readonly mntopts: string;
  readonly origin: RowOrigin;
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
    rows.set(file, { file, options: sent, origin: originOf(table, row, rows.get(file)?.origin) });
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
      if (directory === "") continue;
      const origin = originOf(table, row, rows.get(priority)?.origin);
      rows.set(priority, { priority, directory, mntopts: table.cell(row, "mntopts"), origin });
    }
  }
  return [...rows.values()].sort((a, b) => perlNumber(a.priority) - perlNumber(b.priority));
}

/** @param beaten what the row takes the place of */
function originOf(table: Table, row: Row, beaten: RowOrigin | undefined): RowOrigin {
  const { place, image } = beaten ?? {};
  const insteadOf =
    place === undefined || image === undefined ? [] : [{ place, image }, ...(beaten?.insteadOf ?? [])];
  return { place: placeOf(table, row), image: table.cell(row, "image"), insteadOf };
}

/** `litefile.csv line 4`. */
export function placeOf({ origin }: Table, { line }: Row): string {
  return `${origin} line ${line}`;
}

/** `osimage.groups` of the image as one text: `g1,g2` is not `g1`. */
function groupText(set: TableSet, image: string): string {
  const osimage = tableOf(set, "osimage");
  const row = osimage.rowsWhere("imagename", image)[0];
  return row === undefined ? "" : osimage.cell(row, "groups");
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
