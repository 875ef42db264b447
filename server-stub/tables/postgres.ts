import { fatal } from "../../agent/errors.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { ServerLog } from "../log.ts";
import { follow } from "./follower.ts";
import { describePostgres, type PostgresLocation } from "./postgres-location.ts";
import { type Look, type LookTimes, PostgresReader } from "./postgres-reader.ts";
import type { TableSource } from "./source.ts";

/** A look where nothing has changed costs the database one call. */
const pollMilliseconds = 1000;

/**
 * Opens xCAT's database in PostgreSQL and follows its changes. A database that goes away leaves its last content in
 * use, and is asked again until it is back; any number of servers may read one database.
 *
 * @param remarks what else there is to say about a new set, for the log
 * @throws BootError where the database cannot be read at the start
 */
export async function openPostgres(
  location: PostgresLocation,
  log: ServerLog,
  remarks: (set: TableSet) => readonly string[] = () => [],
  times?: LookTimes,
): Promise<TableSource> {
  const description = describePostgres(location);
  const reader = new PostgresReader(location, times);
  let set: TableSet = { tables: new Map() };
  let ofSet: readonly string[] = [];
  let said: ReadonlySet<string> = new Set();
  const take = (look: Look): void => {
    if (look.set !== set) ofSet = remarks({ tables: look.set.tables });
    set = look.set;
    const now = [...accessRemarks(description, look), ...ofSet];
    for (const remark of now) if (!said.has(remark)) log.line(`tables: ${remark}`);
    said = new Set(now);
  };
  try {
    const look = await reader.look();
    if (look !== undefined) take(look);
    if (set.tables.size === 0) throw new Error("there is no table that this user may read");
  } catch (error) {
    reader.close();
    const found = error instanceof Error ? error.message : String(error);
    const remedy =
      "see that it runs, that pg_hba.conf lets this machine in, and that the user may read (GRANT SELECT)";
    throw fatal("tables", { doing: "read the tables", on: description, found, remedy }, error);
  }
  const refresh = async (): Promise<undefined> => {
    const look = await reader.look();
    if (look !== undefined) take(look);
  };
  const follower = follow({ description, refresh, pollMilliseconds }, log);
  const close = (): void => {
    follower.stop();
    reader.close();
  };
  return { description, current: () => set, close };
}

function accessRemarks(description: string, { denied, gone, refused }: Look): string[] {
  return [
    ...(denied.length === 0
      ? []
      : [`${description}: may not read ${denied.join(", ")}; what needs it is refused`]),
    ...gone.map(
      (name) => `${description}: table ${name} can no longer be read; its last content stays in use`,
    ),
    ...[...refused].map(([name, reason]) => `${description}: ${name}: ${reason}; not read`),
  ];
}
