import { locateTables } from "../tables/location.ts";
import { csvStatusStore } from "./csv-store.ts";
import { postgresStatusStore } from "./postgres-store.ts";
import { sqliteStatusStore } from "./sqlite-store.ts";
import type { StatusStore } from "./status.ts";

/**
 * The store for what `--tables` names.
 *
 * @throws BootError
 */
export async function openStatusStore(argument: string): Promise<StatusStore> {
  const location = await locateTables(argument);
  switch (location.kind) {
    case "csv":
      return csvStatusStore(location.directory);
    case "sqlite":
      return sqliteStatusStore(location.directory);
    case "postgres":
      return postgresStatusStore(location.database);
  }
}
