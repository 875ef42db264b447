import { droppedRows, formatDropped } from "../../agent/rows/dropped.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { ServerLog } from "../log.ts";
import { csvFiles } from "./csv-files.ts";
import { type FileFormat, openFolder } from "./folder-source.ts";
import { openPostgres } from "./postgres.ts";
import { parsePostgres, readCfgloc } from "./postgres-location.ts";
import type { TableSource } from "./source.ts";
import { sqliteFiles } from "./sqlite-files.ts";

type Remarks = (set: TableSet) => readonly string[];
type Open = (where: string, log: ServerLog, remarks?: Remarks) => Promise<TableSource>;

const folderOf =
  (format: FileFormat): Open =>
  (directory, log, remarks) =>
    openFolder(directory, format, log, remarks);

/** What may stand before the first colon of `--tables`; without one of these it is a folder of CSV files. */
const backEnds: Readonly<Record<string, Open>> = {
  csv: folderOf(csvFiles),
  sqlite: folderOf(sqliteFiles),
  pg: async (dsn, log, remarks) => openPostgres(parsePostgres(dsn), log, remarks),
  cfgloc: async (path, log, remarks) => {
    const configured = await readCfgloc(path);
    return configured.kind === "postgres"
      ? openPostgres(configured.location, log, remarks)
      : openFolder(configured.directory, sqliteFiles, log, remarks);
  },
};

/** For the help of every command that takes tables. */
export const tablesHelp = `  --tables [csv:]DIR     CSV files in tabdump form, one for each table
           sqlite:DIR    xCAT's SQLite files, as in /etc/xcat
           pg:DSN        PostgreSQL: a URL, or as in cfgloc after its Pg: (PGPASSWORD has the password)
           cfgloc:FILE   where xCAT's own file says, as /etc/xcat/cfgloc
`;

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

function open(location: string, log: ServerLog, remarks?: Remarks): Promise<TableSource> {
  const [, prefix = "", where = ""] = /^(\w+):(.*)$/s.exec(location) ?? [];
  const backEnd = Object.hasOwn(backEnds, prefix) ? backEnds[prefix] : undefined;
  return backEnd === undefined ? openFolder(location, csvFiles, log, remarks) : backEnd(where, log, remarks);
}
