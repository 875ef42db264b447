/** New values of one row by column; empty text stands for none. */
export type RowChange = Readonly<Record<string, string>>;

/** A change of some rows of one table. Text is latin-1, as everywhere in the tables. */
export interface TableEdit {
  readonly table: string;
  /** The column by whose value rows are found. */
  readonly key: string;
  /** By their key; all of them change the same columns. */
  readonly rows: ReadonlyMap<string, RowChange>;
  /** What happens to rows that are not there. */
  readonly missing: "leave" | "add";
}

/** Writes to what `--tables` names. Readers never see half of an edit. */
export interface TableEditor {
  /** For messages: `/etc/xcat/tables/nodelist.csv`. */
  describe(table: string): string;
  /**
   * All of it or nothing.
   *
   * @throws where it could not be written; the message says why, not where
   */
  edit(edit: TableEdit): Promise<void>;
}

/** The columns that an edit changes. */
export function columnsOf({ rows }: Pick<TableEdit, "rows">): readonly string[] {
  const [first = {}] = rows.values();
  return Object.keys(first);
}
