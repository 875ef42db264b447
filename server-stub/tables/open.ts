import type { ServerLog } from "../log.ts";
import { droppedRows } from "../model/rows.ts";
import { openCsvTables } from "./csv-source.ts";
import type { TableSource } from "./source.ts";
import type { TableSet } from "./table.ts";

/**
 * Opens what `--tables` names, follows it, and says which rows never reach a node. Databases are to come here,
 * told apart by a prefix such as `sqlite:`.
 *
 * @throws BootError
 */
export function openTables(location: string, log: ServerLog): Promise<TableSource> {
  return openCsvTables(location.replace(/^csv:/, ""), log, droppedRows);
}

/** Reads the tables once, for a command that ends after it. */
export async function readTables(location: string, log: ServerLog): Promise<TableSet> {
  const source = await openCsvTables(location.replace(/^csv:/, ""), log);
  source.close();
  return source.current();
}
