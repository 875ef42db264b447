import { droppedRows, formatDropped } from "../../agent/rows/dropped.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { ServerLog } from "../log.ts";
import { csvFiles } from "./csv-files.ts";
import { openFolder } from "./folder-source.ts";
import { locateTables } from "./location.ts";
import { openPostgres } from "./postgres.ts";
import type { TableSource } from "./source.ts";
import { sqliteFiles } from "./sqlite-files.ts";

/**
 * Opens what `--tables` names, follows it, and says which rows never reach a node.
 *
 * @throws BootError
 */
export function openTables(location: string, log: ServerLog): Promise<TableSource> {
  return open(location, log, (set) => droppedRows(set).map(formatDropped));
}

/**
 * Reads the tables once, for a command that ends after it.
 *
 * @throws BootError
 */
export async function readTables(location: string, log: ServerLog): Promise<TableSet> {
  const source = await open(location, log);
  source.close();
  return source.current();
}

async function open(
  argument: string,
  log: ServerLog,
  remarks?: (set: TableSet) => readonly string[],
): Promise<TableSource> {
  const location = await locateTables(argument);
  switch (location.kind) {
    case "csv":
      return openFolder(location.directory, csvFiles, log, remarks);
    case "sqlite":
      return openFolder(location.directory, sqliteFiles, log, remarks);
    case "postgres":
      return openPostgres(location.database, log, remarks);
  }
}
