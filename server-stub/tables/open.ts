import { droppedRows, formatDropped } from "../../agent/rows/dropped.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { ServerLog } from "../log.ts";
import { csvFiles } from "./csv-files.ts";
import { type FileFormat, openFolder } from "./folder-source.ts";
import type { TableSource } from "./source.ts";
import { sqliteFiles } from "./sqlite-files.ts";

/** What may stand before the colon of `--tables`; without one it is a folder of CSV files. */
const formats: Readonly<Record<string, FileFormat>> = { csv: csvFiles, sqlite: sqliteFiles };

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

function open(
  location: string,
  log: ServerLog,
  remarks?: (set: TableSet) => readonly string[],
): Promise<TableSource> {
  const [, prefix = "", path = ""] = /^(\w+):(.*)$/s.exec(location) ?? [];
  const format = Object.hasOwn(formats, prefix) ? formats[prefix] : undefined;
  return format === undefined
    ? openFolder(location, csvFiles, log, remarks)
    : openFolder(path, format, log, remarks);
}
