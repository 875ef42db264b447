import { rm } from "node:fs/promises";
import { loadTables } from "./postgres/load.ts";
import { openPostgres } from "./postgres/server.ts";
import { makeSqlite } from "./sqlite.ts";

/** Where the server's tables may come from. */
export const backEndKinds = ["csv", "sqlite", "pg"] as const;
export type BackEndKind = (typeof backEndKinds)[number];

/** Tables in a back end of the server. */
export interface BackEnd {
  /** What the server takes after `--tables`; it may write there. */
  readonly argument: string;
  close(): Promise<void>;
}

/**
 * Puts tables into a back end as xCAT has them there: the folder of CSV files itself, SQLite files in a folder beside
 * it, or a PostgreSQL that runs until it is closed.
 */
export async function openBackEnd(kind: BackEndKind, csv: string): Promise<BackEnd> {
  switch (kind) {
    case "csv":
      return { argument: csv, close: async () => {} };
    case "sqlite": {
      const directory = `${csv}.sqlite`;
      await makeSqlite(csv, directory);
      return { argument: `sqlite:${directory}`, close: () => rm(directory, { recursive: true }) };
    }
    case "pg": {
      const postgres = await openPostgres();
      const sql = postgres.connect();
      await loadTables(sql, csv);
      await sql.close();
      return { argument: postgres.ownTables, close: async () => postgres[Symbol.asyncDispose]() };
    }
  }
}
