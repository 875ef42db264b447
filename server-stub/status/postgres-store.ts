import { connectPostgres, within } from "../tables/postgres-connection.ts";
import { describePostgres, type PostgresLocation } from "../tables/postgres-location.ts";
import { formatStatusTime, type StatusStore } from "./status.ts";

const writeSeconds = 20;

/**
 * `nodelist` of xCAT's database in PostgreSQL. The user needs `GRANT UPDATE ON nodelist` for it; one who may only read
 * is enough for all else.
 */
export function postgresStatusStore(location: PostgresLocation): StatusStore {
  return {
    description: `${describePostgres(location)}, table nodelist`,
    async write(changes) {
      // A connection for each write: writes are few, and what is idle between them need not be watched.
      const sql = connectPostgres(location);
      const rows = changes.map(({ node, status, at }) => [node, status, formatStatusTime(at)]);
      const columns = [0, 1, 2].map((column) =>
        sql.array(
          rows.map((row) => row[column] ?? ""),
          "TEXT",
        ),
      );
      try {
        await within(
          writeSeconds,
          sql`UPDATE nodelist SET "status" = new.status, "statustime" = new.statustime
                FROM unnest(${columns[0]}, ${columns[1]}, ${columns[2]}) AS new(node, status, statustime)
               WHERE nodelist."node" = new.node`,
        );
      } finally {
        await sql.close({ timeout: 0 });
      }
    },
  };
}
