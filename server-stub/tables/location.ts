import { type DatabaseLocation, parsePostgres, readCfgloc } from "./postgres-location.ts";

/** What `--tables` names. */
export type TablesLocation = { readonly kind: "csv"; readonly directory: string } | DatabaseLocation;

/** For the help of every command that takes tables. */
export const tablesHelp = `  --tables [csv:]DIR     CSV files in tabdump form, one for each table
           sqlite:DIR    xCAT's SQLite files, as in /etc/xcat
           pg:DSN        PostgreSQL: a URL, or as in cfgloc after its Pg: (PGPASSWORD has the password)
           cfgloc:FILE   where xCAT's own file says, as /etc/xcat/cfgloc
`;

/** What may stand before the first colon. */
const kinds: Readonly<Record<string, (where: string) => TablesLocation | Promise<TablesLocation>>> = {
  csv: (directory) => ({ kind: "csv", directory }),
  sqlite: (directory) => ({ kind: "sqlite", directory }),
  pg: (dsn) => ({ kind: "postgres", database: parsePostgres(dsn) }),
  cfgloc: readCfgloc,
};

/**
 * Reads the argument of `--tables`; without one of the known words before a colon it is a folder of CSV files.
 *
 * @throws BootError
 */
export async function locateTables(argument: string): Promise<TablesLocation> {
  const [, word = "", where = ""] = /^(\w+):(.*)$/s.exec(argument) ?? [];
  const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
  return kind === undefined ? { kind: "csv", directory: argument } : kind(where);
}
