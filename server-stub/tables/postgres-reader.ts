import type { SQL, TransactionSQL } from "bun";
import { type Row, Table, type TableSet } from "../../agent/rows/table.ts";
import { boundWaits, connectPostgres, within } from "./postgres-connection.ts";
import { describePostgres, type PostgresLocation } from "./postgres-location.ts";
import { steadyColumns } from "./restless.ts";
import { quote } from "./sql.ts";

/** How long a look may take, in seconds. */
export interface LookTimes {
  /** All that it asks; the largest clusters' tables take a second or two. */
  readonly whole: number;
  /** For a table that somebody else has locked: then the database ends the wait, or it would be one more each time. */
  readonly locked: number;
}

const LOOK_TIMES: LookTimes = { whole: 60, locked: 15 };
/** A table beyond this is no table of a cluster: reading it would take the server's memory. */
const maxTableBytes = 256 * 1024 * 1024;

/**
 * What a view may stand for, where somebody lets this user see a part of a table only. Other views are not touched: some
 * of those that come with extensions change at every look, or cannot be read at all.
 */
const readAsViews = [
  ...["bootparams", "hosts", "linuximage", "litefile", "litetree", "mac", "nodegroup", "nodehm", "nodelist"],
  ...["noderes", "nodetype", "osimage", "policy", "site", "statelite"],
] as const;

/** Logs that xcatd keeps in its database: they grow without limit and decide nothing. */
const leftOut: ReadonlySet<string> = new Set(["auditlog", "eventlog"]);

/** How often the tables are listed again before one that is missing counts as gone. */
const maxLists = 3;
/** The signature of one that is. */
const GONE = "gone";

/** One table as it was read, and by what a change of it is recognised. */
interface Loaded {
  readonly signature: string;
  readonly table: Table;
}

/** What one look found. */
export interface Look {
  /** The same object until a table changes. */
  readonly set: TableSet;
  /** Tables of the database that this user never could read. */
  readonly denied: readonly string[];
  /** Tables that were read before and are not there, or not for this user, any more; their last content is in `set`. */
  readonly gone: readonly string[];
  /** Tables that are not read, and why; their last content, if any, is in `set`. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Reads the tables of an xCAT database in PostgreSQL; a user who may only read is enough, and no trigger or other help
 * in the database is needed. Columns are quoted, as xCAT creates them: `key`, `groups` and `disable` are words of SQL.
 * Rows come in the order in which they lie there, as `tabdump` has them. NULL is empty text.
 */
export class PostgresReader {
  readonly #location: PostgresLocation;
  readonly #times: LookTimes;
  #connection: SQL | undefined;
  #loaded: ReadonlyMap<string, Loaded> = new Map();
  #set: TableSet = { tables: new Map() };
  #snapshot = "";

  constructor(location: PostgresLocation, times = LOOK_TIMES) {
    this.#location = location;
    this.#times = times;
  }

  /**
   * Looks whether a transaction has ended since the last look, and if so which tables it changed; reads those, all at
   * one moment of the database.
   *
   * @returns undefined where no transaction has ended since
   * @throws where the database cannot be asked; the next look makes a new connection
   */
  async look(): Promise<Look | undefined> {
    const connection = this.#connection ?? connectPostgres(this.#location);
    this.#connection = connection;
    try {
      return await within(this.#times.whole, this.#lookWith(connection));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#snapshot = "";
    // A connection that is broken already cannot be closed any better.
    connection?.close({ timeout: 0 }).catch(() => {});
  }

  async #lookWith(connection: SQL): Promise<Look | undefined> {
    // The same snapshot sees the same rows: pg_current_snapshot() by the name that version 12 and older know, too.
    const newest = await connection.unsafe<{ snapshot: string }[]>(
      "SELECT txid_current_snapshot()::text AS snapshot",
    );
    if (newest[0]?.snapshot === this.#snapshot) return undefined;
    const before = this.#loaded;
    const found = await this.#readAll(connection, before);
    this.#snapshot = found.snapshot;
    const { loaded, refused } = found;
    const gone = [...before.keys()].filter((name) => !loaded.has(name));
    for (const name of gone) {
      const last = before.get(name);
      if (last !== undefined) loaded.set(name, { ...last, signature: GONE });
    }
    this.#loaded = loaded;
    const denied = found.denied.filter((name) => !loaded.has(name));
    const unreadable = new Map([
      ...[...refused].filter(([name]) => !loaded.has(name)),
      ...denied.map((name) => [name, "this user may not read it"] as const),
    ]);
    const same =
      loaded.size === before.size &&
      [...loaded].every(([name, { table }]) => before.get(name)?.table === table) &&
      [...unreadable.keys()].join() === [...(this.#set.unreadable?.keys() ?? [])].join();
    if (!same)
      this.#set = { tables: new Map([...loaded].map(([name, { table }]) => [name, table])), unreadable };
    return { set: this.#set, denied, gone, refused };
  }

  /** All tables as they are at one moment. A table that is just being replaced may be missing from a list: then again. */
  async #readAll(connection: SQL, before: ReadonlyMap<string, Loaded>) {
    const origin = describePostgres(this.#location);
    for (let left = maxLists; ; left -= 1) {
      const { readable: held } = await listTables(connection);
      const found = await connection.begin("isolation level repeatable read read only", async (sql) => {
        await boundWaits(sql, this.#times.locked);
        await holdTables(sql, held);
        // As text, so that no version's type for it matters.
        const [now] = await sql.unsafe<{ snapshot: string }[]>(
          "SELECT txid_current_snapshot()::text AS snapshot",
        );
        const { readable, denied } = await listTables(sql);
        if (left > 0 && (!covers(held, readable) || !hasAll(readable, before))) return undefined;
        if (!covers(held, readable)) throw new Error("its tables are replaced again and again");
        return {
          snapshot: now?.snapshot ?? "",
          ...(await readChanged(sql, readable, before, origin)),
          denied,
        };
      });
      if (found !== undefined) return found;
    }
  }
}

function covers(held: readonly Listed[], readable: readonly Listed[]): boolean {
  const names = new Set(held.map(({ name }) => name));
  return readable.every(({ name, stored }) => !stored || names.has(name));
}

function hasAll(readable: readonly Listed[], before: ReadonlyMap<string, Loaded>): boolean {
  const names = new Set(readable.map(({ name }) => name));
  return [...before].every(([name, { signature }]) => names.has(name) || signature === GONE);
}

interface Listed {
  readonly name: string;
  readonly columns: readonly string[];
  /** Its rows lie somewhere: a view has no order of its own. */
  readonly stored: boolean;
}

/**
 * Lets nobody empty or replace a table from before the transaction's view of the database is made until it is read: a
 * table that is truncated and filled again by somebody else, or is new, has no rows at all in a view that is older.
 */
async function holdTables(sql: TransactionSQL, tables: readonly Listed[]): Promise<void> {
  const names = tables.filter(({ stored }) => stored).map(({ name }) => quote(name));
  if (names.length > 0) await sql.unsafe(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
}

/** The tables that a plain name finds, with their columns in order. */
async function listTables(
  sql: SQL | TransactionSQL,
): Promise<{ readonly readable: readonly Listed[]; readonly denied: readonly string[] }> {
  const records = await sql.unsafe<{ name: string; columns: string[]; stored: boolean; readable: boolean }[]>(
    // Only what a snapshot decides: what looks a table up by its number misses one that is being replaced.
    `SELECT DISTINCT ON (c.relname) c.relname::text AS name,
            ARRAY(SELECT a.attname::text FROM pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
            c.relkind IN ('r', 'p') AS stored,
            coalesce(has_table_privilege(c.oid, 'SELECT'), true) AS readable
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE (c.relkind IN ('r', 'p')
             OR c.relkind IN ('v', 'm', 'f') AND c.relname IN (${readAsViews.map(literal).join(", ")}))
        AND n.nspname = ANY (current_schemas(false))
        AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      ORDER BY c.relname, array_position(current_schemas(false), n.nspname)`,
  );
  const wanted = records.filter(({ name, columns }) => columns.length > 0 && !leftOut.has(name));
  return {
    readable: wanted.filter(({ readable }) => readable),
    denied: wanted.filter(({ readable }) => !readable).map(({ name }) => name),
  };
}

async function readChanged(
  sql: TransactionSQL,
  tables: readonly Listed[],
  before: ReadonlyMap<string, Loaded>,
  origin: string,
): Promise<{ readonly loaded: Map<string, Loaded>; readonly refused: ReadonlyMap<string, string> }> {
  const loaded = new Map<string, Loaded>();
  const refused = new Map<string, string>();
  if (tables.length === 0) return { loaded, refused };
  const rows = await sql.unsafe<{ name: string; signature: string; bytes: string }[]>(
    tables.map(signatureQuery).join("\nUNION ALL "),
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  for (const table of tables) {
    const { signature = "", bytes = "0" } = found.get(table.name) ?? {};
    const known = before.get(table.name);
    if (Number(bytes) > maxTableBytes) {
      refused.set(table.name, `${bytes} bytes; at most ${maxTableBytes} are read`);
      if (known !== undefined) loaded.set(table.name, known);
    } else if (known?.signature === signature) loaded.set(table.name, known);
    else loaded.set(table.name, { signature, table: await readTable(sql, table, origin) });
  }
  return { loaded, refused };
}

/** Number and content of the rows as text that changes with them, and their size. Columns are part of it. */
function signatureQuery({ name, columns }: Listed): string {
  const steady = steadyColumns(name, columns);
  const row = `ROW(${steady.map(quote).join(", ")})::text`;
  return `SELECT ${literal(name)} AS name,
    ${literal(`${columns.join(",")} `)} || count(*) || ' ' || coalesce(sum(hashtext(${row})), 0) AS signature,
    coalesce(sum(octet_length(${row})), 0)::text AS bytes FROM ${quote(name)}`;
}

async function readTable(
  sql: TransactionSQL,
  { name, columns, stored }: Listed,
  origin: string,
): Promise<Table> {
  // As bytes of the database's own encoding: xCAT stores what it was given.
  const cells = columns.map((column) => `convert_to(${quote(column)}::text, getdatabaseencoding())`);
  const records: unknown[][] = await sql
    .unsafe(`SELECT ${cells.join(", ")} FROM ${quote(name)}${stored ? " ORDER BY ctid" : ""}`)
    .values();
  const rows = records.map((record, index): Row => ({ line: index + 1, cells: record.map(cellText) }));
  return new Table(name, columns, rows, `${origin}, table ${name}`);
}

function cellText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : "";
}

function literal(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
