import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQL } from "bun";
import invariant from "tiny-invariant";
import { type Table, tableOf } from "../../../agent/rows/table.ts";
import { type Pki, preparePki } from "../../../qemu/pki.ts";
import { loadTables } from "../../../qemu/postgres/load.ts";
import { openPostgres, type Postgres, postgresUsers } from "../../../qemu/postgres/server.ts";
import { locateTables } from "../../../server-stub/tables/location.ts";
import { openTables, readTables } from "../../../server-stub/tables/open.ts";
import { openPostgres as openTablesIn } from "../../../server-stub/tables/postgres.ts";
import { PostgresReader } from "../../../server-stub/tables/postgres-reader.ts";
import type { TableSource } from "../../../server-stub/tables/source.ts";

const baseline = join(import.meta.dir, "../../golden/xcatd/tables-baseline");

/** Whether it becomes true within 15 s. */
async function soon(holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 300 && !holds(); tries += 1) await Bun.sleep(50);
  return holds();
}

describe("tables in PostgreSQL", () => {
  let postgres: Postgres;
  let sql: SQL;
  let source: TableSource;
  let lines: string[];
  const log = { line: (text: string) => void lines.push(text) };
  const table = (name: string): Table | undefined => source.current().tables.get(name);
  const optionsOf = (file: string): string | undefined => {
    const litefile = table("litefile");
    const row = litefile?.rowsWhere("file", file)[0];
    return row === undefined ? undefined : litefile?.cell(row, "options");
  };
  beforeAll(async () => {
    postgres = await openPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    lines = [];
    sql = postgres.connect();
    await loadTables(sql, baseline);
    source = await openTables(postgres.tables, log);
  });
  afterEach(async () => {
    source.close();
    await sql.close();
  });

  test("are followed: a row that is added, changed, disabled or removed", async () => {
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', '/new', 'ro')`;
    expect(await soon(() => optionsOf("/new") === "ro")).toBe(true);
    await sql`UPDATE litefile SET options = 'tmpfs' WHERE file = '/new'`;
    expect(await soon(() => optionsOf("/new") === "tmpfs")).toBe(true);
    await sql`UPDATE litefile SET disable = '1' WHERE file = '/new'`;
    expect(await soon(() => optionsOf("/new") === undefined)).toBe(true);
    await sql`UPDATE litefile SET disable = NULL WHERE file = '/new'`;
    expect(await soon(() => optionsOf("/new") === "tmpfs")).toBe(true);
    await sql`DELETE FROM litefile WHERE file = '/new'`;
    expect(await soon(() => optionsOf("/new") === undefined)).toBe(true);
  });

  test("are all of one moment, whatever is written while they are read", async () => {
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', '/n', '0')`;
    await sql`INSERT INTO site (key, value) VALUES ('n', '0')`;
    let writing = true;
    const writer = (async () => {
      for (let n = 1; writing; n += 1)
        await sql.begin(async (transaction) => {
          await transaction`UPDATE litefile SET options = ${String(n)} WHERE file = '/n'`;
          await transaction`UPDATE site SET value = ${String(n)} WHERE key = 'n'`;
        });
    })();
    const location = await locateTables(postgres.tables);
    invariant(location.kind === "postgres");
    const reader = new PostgresReader(location.database);
    const seen = new Set<string>();
    for (let looks = 0; looks < 100; looks += 1) {
      const { set } = (await reader.look()) ?? {};
      if (set === undefined) continue;
      const cell = (name: string, key: string, value: string, column: string): string => {
        const found = tableOf(set, name);
        const row = found.rowsWhere(key, value)[0];
        return row === undefined ? "none" : found.cell(row, column);
      };
      const number = cell("site", "key", "n", "value");
      expect(cell("litefile", "file", "/n", "options")).toBe(number);
      seen.add(number);
    }
    writing = false;
    await writer;
    reader.close();
    expect(seen.size).toBeGreaterThan(20);
  });

  test.each([
    [
      "empties it and fills it again",
      "CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM litefile; TRUNCATE litefile; INSERT INTO litefile SELECT * FROM kept",
    ],
    [
      "puts another in its place",
      "CREATE TABLE another AS SELECT * FROM litefile; DROP TABLE litefile; ALTER TABLE another RENAME TO litefile",
    ],
  ])("are whole where somebody %s in one transaction", async (_rule, statements) => {
    const location = await locateTables(postgres.ownTables);
    invariant(location.kind === "postgres");
    const reader = new PostgresReader(location.database);
    let writing = true;
    const writer = (async () => {
      while (writing) await sql.begin((transaction) => transaction.unsafe(statements));
    })();
    const seen: (number | undefined)[] = [];
    for (let looks = 0; looks < 20_000 && seen.length < 30; looks += 1) {
      const look = await reader.look();
      if (look !== undefined) seen.push(look.set.tables.get("litefile")?.rows.length);
    }
    writing = false;
    await writer;
    reader.close();
    expect(seen).toHaveLength(30);
    expect(new Set(seen)).toEqual(new Set([25]));
  });

  test("that did not change are the same objects; a node's status is no change at all", async () => {
    const before = source.current();
    await sql`UPDATE nodelist SET status = 'booted', statustime = 'now'`;
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', '/new', 'ro')`;
    expect(await soon(() => optionsOf("/new") === "ro")).toBe(true);
    expect(source.current().tables.get("nodelist")).toBe(before.tables.get("nodelist") as Table);
    expect(source.current().tables.get("litefile")).not.toBe(before.tables.get("litefile") as Table);
  });

  test("may have columns in another order, and more of them", async () => {
    await sql.unsafe(`ALTER TABLE litefile RENAME TO older`);
    await sql.unsafe(`CREATE TABLE litefile AS SELECT 'x'::text AS extra, options, file, image FROM older`);
    await sql.unsafe(`DROP TABLE older`);
    expect(await soon(() => table("litefile")?.columns[0] === "extra")).toBe(true);
    expect(optionsOf("/etc/ntp.conf")).toBe("tmpfs");
  });

  test("may be views, of which others are not touched", async () => {
    await sql.unsafe("ALTER TABLE litefile RENAME TO whole");
    await sql.unsafe("CREATE VIEW litefile AS SELECT * FROM whole WHERE file <> '/etc/ntp.conf'");
    await sql.unsafe("CREATE VIEW broken AS SELECT 1 / (random() * 0)::integer AS nothing");
    try {
      expect(await soon(() => optionsOf("/etc/ntp.conf") === undefined)).toBe(true);
      expect(optionsOf("/etc/adjtime")).toBe("tmpfs");
      expect(table("broken")).toBeUndefined();
    } finally {
      await sql.unsafe("DROP VIEW litefile, broken; DROP TABLE whole");
    }
  });

  test("keep the bytes of their text", async () => {
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', ${"/é\u20ac\n\\x\"'"}, 'ro')`;
    const bytes = Buffer.from("/é\u20ac\n\\x\"'").toString("latin1");
    expect(await soon(() => optionsOf(bytes) === "ro")).toBe(true);
  });

  test("stay in use when the table is dropped, which is said once, and change when it is there again", async () => {
    await sql.unsafe("DROP TABLE litefile");
    expect(
      await soon(() => lines.some((line) => line.includes("table litefile can no longer be read"))),
    ).toBe(true);
    expect(optionsOf("/etc/ntp.conf")).toBe("tmpfs");
    await sql.unsafe("CREATE TABLE litefile (image text, file text, options text)");
    expect(await soon(() => table("litefile")?.rows.length === 0)).toBe(true);
    expect(lines.filter((line) => line.includes("can no longer be read"))).toHaveLength(1);
  });

  test("stay in use when they may no longer be read, and are not called empty", async () => {
    await sql.unsafe(`REVOKE SELECT ON litefile FROM ${postgresUsers.reader}`);
    const said = "table litefile can no longer be read; its last content stays in use";
    expect(await soon(() => lines.some((line) => line.includes(said)))).toBe(true);
    expect(optionsOf("/etc/ntp.conf")).toBe("tmpfs");
    expect(lines.join("\n")).not.toContain("is refused");
  });

  test("that this user may not read are named, and not taken for empty", async () => {
    await sql.unsafe(
      `CREATE TABLE secrets (key text); REVOKE SELECT ON secrets FROM ${postgresUsers.reader}`,
    );
    expect(
      await soon(() => lines.some((line) => line.endsWith("may not read secrets; what needs it is refused"))),
    ).toBe(true);
    expect(() => tableOf(source.current(), "secrets")).toThrow("secrets: this user may not read it");
    await sql.unsafe("DROP TABLE secrets");
  });

  test("stay in use while the database is away, and change when it is back", async () => {
    await sql.close();
    await postgres.stop();
    expect(await soon(() => lines.some((line) => line.includes("the last content stays in use")))).toBe(true);
    expect(optionsOf("/etc/ntp.conf")).toBe("tmpfs");
    await postgres.start();
    sql = postgres.connect();
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', '/new', 'ro')`;
    expect(await soon(() => optionsOf("/new") === "ro")).toBe(true);
    expect(lines.at(-1)).toContain("can be read again");
  });
});

describe("a database that does not answer in time", () => {
  let postgres: Postgres;
  let sql: SQL;
  let source: TableSource;
  let lines: string[];
  const rows = (): number | undefined => source.current().tables.get("litefile")?.rows.length;
  const said = (text: string): boolean => lines.some((line) => line.includes(text));
  beforeAll(async () => {
    postgres = await openPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    lines = [];
    sql = postgres.connect();
    await loadTables(sql, baseline);
    const location = await locateTables(postgres.tables);
    invariant(location.kind === "postgres");
    const log = { line: (text: string) => void lines.push(text) };
    source = await openTablesIn(location.database, log, undefined, { whole: 2, locked: 0.2 });
  });
  afterEach(async () => {
    source.close();
    await sql.close();
  });

  test("as it hangs: the last content stays in use, and it is said", async () => {
    postgres.suspend();
    try {
      expect(await soon(() => said("no answer in 2 s; the last content stays in use"))).toBe(true);
      expect(rows()).toBe(25);
    } finally {
      postgres.resume();
    }
    await sql`INSERT INTO litefile (image, file, options) VALUES ('ALL', '/new', 'ro')`;
    expect(await soon(() => rows() === 26)).toBe(true);
    expect(lines.at(-1)).toContain("can be read again");
  });

  test("as somebody has a table locked: nobody is left waiting in it, look after look", async () => {
    const waiting = async (): Promise<number> => {
      const found = await sql`SELECT 1 FROM pg_stat_activity WHERE application_name = 'statelite-server'`;
      return found.length;
    };
    await using other = await postgres.connect().reserve();
    await other.unsafe("BEGIN; LOCK TABLE litefile IN ACCESS EXCLUSIVE MODE");
    await sql`UPDATE site SET value = 'other' WHERE key = 'domain'`;
    expect(await soon(() => said("lock timeout; the last content stays in use"))).toBe(true);
    for (let looks = 0; looks < 3; looks += 1) {
      await Bun.sleep(1000);
      expect(await waiting()).toBeLessThan(2);
    }
    expect(rows()).toBe(25);
    await other.unsafe("ROLLBACK");
    expect(await soon(() => lines.at(-1)?.endsWith("can be read again") === true)).toBe(true);
  });
});

describe("the password", () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await openPostgres();
    const sql = postgres.connect();
    await loadTables(sql, baseline);
    await sql.close();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  const lines: string[] = [];
  const log = { line: (text: string) => void lines.push(text) };
  const over = (password: string): string =>
    `pg:dbname=xcatdb;host=127.0.0.1;port=${postgres.port}|${postgresUsers.reader}|${password}`;

  test("that is right opens the database over TCP", async () => {
    expect((await readTables(over(postgresUsers.password), log)).tables.has("litefile")).toBe(true);
  });

  test("is in no message where it is wrong", async () => {
    const failure = await readTables(over("wr0ng|word"), log).catch((error: unknown) => String(error));
    expect(failure).toMatch(/read the tables: PostgreSQL database xcatdb at 127\.0\.0\.1:\d+: .*password/);
    expect(`${failure}${lines.join("\n")}`).not.toContain("wr0ng");
  });

  test("comes from cfgloc as xCAT wrote it", async () => {
    const path = join(postgres.socket, "cfgloc");
    await Bun.write(path, `${over(postgresUsers.password).replace("pg:", "Pg:")}\n`);
    expect((await readTables(`cfgloc:${path}`, log)).tables.has("litefile")).toBe(true);
  });
});

describe("over TLS", () => {
  let folder: string;
  let pki: Pki;
  let postgres: Postgres;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "statelite-pki-"));
    pki = await preparePki(join(folder, "pki"), "localhost");
    postgres = await openPostgres({ tls: pki.cluster });
    const sql = postgres.connect();
    await loadTables(sql, baseline);
    await sql.close();
  });
  afterAll(async () => {
    await postgres[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const open = async (host: string, settings: string) => {
    const { reader, password } = postgresUsers;
    const dsn = `pg:host=${host};port=${postgres.port};${settings}|${reader}|${password}`;
    return (await readTables(dsn, { line: () => {} })).tables.has("litefile");
  };

  // The certificate is for the name localhost.
  const cases: readonly (readonly [string, string, string, "cluster" | "foreign" | undefined, boolean])[] = [
    ["require asks for no proof", "127.0.0.1", "require", undefined, true],
    ["verify-ca takes a certificate of the authority", "127.0.0.1", "verify-ca", "cluster", true],
    ["verify-ca refuses one of another authority", "127.0.0.1", "verify-ca", "foreign", false],
    [
      "verify-ca refuses one of an authority that the system does not know",
      "127.0.0.1",
      "verify-ca",
      undefined,
      false,
    ],
    ["verify-full takes the name", "localhost", "verify-full", "cluster", true],
    ["verify-full refuses another name", "127.0.0.1", "verify-full", "cluster", false],
  ];
  for (const [rule, host, mode, authority, taken] of cases)
    test(rule, async () => {
      const root = authority === undefined ? "" : `;sslrootcert=${pki[authority].ca}`;
      const opened = open(host, `sslmode=${mode}${root}`);
      if (taken) expect(await opened).toBe(true);
      else
        expect(opened).rejects.toThrow(
          /read the tables: PostgreSQL database xcatdb at .*certificate|altname/i,
        );
    });
});
