import { BootError } from "../errors.ts";

/**
 * A database table as the commands see it, whatever it was read from. Text is latin-1: one character is
 * one byte, so that sorting and escaping treat bytes as xcatd does.
 */

/** One row; `line` is where it stands in its source, counted from 1, for messages. */
export interface Row {
  readonly line: number;
  /** In the order of the table's columns; short rows are filled with empty text. */
  readonly cells: readonly string[];
}

/** An immutable table with lookups by column that cost one pass at their first use. */
export class Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Without disabled rows. */
  readonly rows: readonly Row[];
  /** What messages call the source: a file name or a database table. */
  readonly origin: string;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #indexes = new Map<string, ReadonlyMap<string, readonly Row[]>>();

  constructor(name: string, columns: readonly string[], rows: readonly Row[], origin: string) {
    this.name = name;
    this.columns = columns;
    this.origin = origin;
    this.#positions = new Map(columns.map((column, position) => [column, position]));
    this.rows = rows.filter((row) => !isDisabled(this.cell(row, "disable")));
  }

  /** Empty where the row has no such column: a database says NULL, and the two mean the same. */
  cell(row: Row, column: string): string {
    const position = this.#positions.get(column);
    return position === undefined ? "" : (row.cells[position] ?? "");
  }

  /** The rows with exactly this value, in table order. */
  rowsWhere(column: string, value: string): readonly Row[] {
    return this.#index(column).get(value) ?? [];
  }

  #index(column: string): ReadonlyMap<string, readonly Row[]> {
    const known = this.#indexes.get(column);
    if (known !== undefined) return known;
    const index = new Map<string, Row[]>();
    for (const row of this.rows) {
      const value = this.cell(row, column);
      const rows = index.get(value);
      if (rows === undefined) index.set(value, [row]);
      else rows.push(row);
    }
    this.#indexes.set(column, index);
    return index;
  }
}

/** Everything known at one moment; a change of any table makes a new set. */
export interface TableSet {
  readonly tables: ReadonlyMap<string, Table>;
  /** Tables that are there and could never be read, and why. */
  readonly unreadable?: ReadonlyMap<string, string>;
}

/** A table that is needed, is there, and could never be read. */
export class UnreadableTable extends BootError {
  readonly table: string;

  constructor(table: string, found: string) {
    const remedy = "mend the table, or remove it where it is to be empty";
    super([{ class: "fatal", code: "tables", doing: "look into a table", on: table, found, remedy }]);
    this.table = table;
  }
}

/**
 * The table, or an empty one: a table without a file is a table without rows.
 *
 * @throws UnreadableTable for one that is there and could not be read: what follows from its rows nobody knows
 */
export function tableOf(set: TableSet, name: string): Table {
  const found = set.unreadable?.get(name);
  if (found !== undefined) throw new UnreadableTable(name, found);
  return set.tables.get(name) ?? new Table(name, [], [], name);
}

/** Perl's truth, by which xcatd tells "has a value" from "has none". */
export function hasValue(text: string): boolean {
  return text !== "" && text !== "0";
}

/** Empty, `0` and `no` keep a row; anything else drops it. */
function isDisabled(value: string): boolean {
  return value !== "" && value !== "0" && value.toLowerCase() !== "no";
}
