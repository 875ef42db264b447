import type { TableSet } from "../../agent/rows/table.ts";

/**
 * Where tables come from. A source keeps the newest set at hand, so that answering a node never waits for
 * a disk or a database.
 */
export interface TableSource {
  /** For messages: `CSV files in /etc/xcat/tables`. */
  readonly description: string;
  /** The newest readable set; the same object until something changes. */
  current(): TableSet;
  close(): void;
}
