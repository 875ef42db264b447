import { locateTables } from "../tables/location.ts";
import { csvFilesEditor } from "./csv-files.ts";
import type { TableEditor } from "./editor.ts";
import { postgresEditor } from "./postgres.ts";
import { sqliteFilesEditor } from "./sqlite-files.ts";

/**
 * For writing to what `--tables` names. Nothing is opened before the first edit.
 *
 * @throws BootError where `--tables` itself cannot be understood
 */
export async function openEditor(argument: string): Promise<TableEditor> {
  const location = await locateTables(argument);
  switch (location.kind) {
    case "csv":
      return csvFilesEditor(location.directory);
    case "sqlite":
      return sqliteFilesEditor(location.directory);
    case "postgres":
      return postgresEditor(location.database);
  }
}
