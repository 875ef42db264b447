import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableOf, UnreadableTable } from "../../../agent/rows/table.ts";
import { openTables, readTables } from "../../../server-stub/tables/open.ts";

describe("xCAT's SQLite files", () => {
  let folder: string;
  let xcatd: Database;
  const lines: string[] = [];
  const log = { line: (text: string) => void lines.push(text) };
  const read = () => readTables(`sqlite:${folder}`, log);
  beforeEach(() => {
    lines.length = 0;
    folder = mkdtempSync(join(tmpdir(), "statelite-sqlite-"));
    xcatd = new Database(join(folder, "site.sqlite"));
    xcatd.run('CREATE TABLE site ("key" TEXT, "value" TEXT, "disable" TEXT)');
    xcatd.run("INSERT INTO site VALUES ('domain', 'cluster.test', NULL), ('old', 'x', '1')");
  });
  afterEach(() => {
    xcatd.close();
    rmSync(folder, { recursive: true });
  });

  test("are read when xcatd has let go of them, and meanwhile all else goes on", async () => {
    xcatd.run("BEGIN EXCLUSIVE");
    const turns: number[] = [];
    const others = setInterval(() => turns.push(turns.length), 5);
    const reading = read();
    await Bun.sleep(300);
    xcatd.run("UPDATE site SET value = 'new.test' WHERE key = 'domain'");
    xcatd.run("COMMIT");
    const site = tableOf(await reading, "site");
    clearInterval(others);
    expect(site.rows.map((row) => site.cell(row, "value"))).toEqual(["new.test"]);
    expect(turns.length).toBeGreaterThan(3);
    expect(lines).toEqual([]);
  });

  test("keep bytes that are no UTF-8, and NULL is empty", async () => {
    xcatd.run("INSERT INTO site VALUES (CAST(x'6be92f' AS TEXT), NULL, NULL)");
    const site = tableOf(await read(), "site");
    expect(site.rowsWhere("key", "k\xe9/").map((row) => site.cell(row, "value"))).toEqual([""]);
  });

  test("are followed also where what is new lies beside them (journal_mode=WAL)", async () => {
    xcatd.run("PRAGMA journal_mode=WAL");
    const source = await openTables(`sqlite:${folder}`, log);
    xcatd.run("INSERT INTO site VALUES ('new', 'x', NULL)");
    const there = () => tableOf(source.current(), "site").rowsWhere("key", "new").length === 1;
    for (let tries = 0; tries < 300 && !there(); tries++) await Bun.sleep(50);
    expect(there()).toBe(true);
    source.close();
  });

  // A file that was cut short has zeros for SQLite, and so rows of empty cells, where its last page ends.
  test.each([
    ["in the middle of a page", 5000],
    ["right before its end", 8191],
  ])("that are cut short %s are not used", async (_rule, bytes) => {
    xcatd.close();
    const path = join(folder, "site.sqlite");
    writeFileSync(path, readFileSync(path).subarray(0, bytes));
    const set = await read();
    expect(() => tableOf(set, "site")).toThrow(/look into a table: site: .*(damaged|cut short)/);
  });

  test("that are none, or have another table in them, are named and take no other down", async () => {
    writeFileSync(
      join(folder, "litefile.sqlite"),
      "not a database, although it is long enough to be one".repeat(50),
    );
    using other = new Database(join(folder, "litetree.sqlite"));
    other.run("CREATE TABLE other (a TEXT)");
    const set = await read();
    expect(tableOf(set, "site").rows).toHaveLength(1);
    expect(lines.sort()).toEqual([
      expect.stringMatching(/litefile\.sqlite: .*not a database/),
      expect.stringMatching(/litetree\.sqlite: there is no table litetree in it; ignored/),
    ]);
    for (const name of ["litefile", "litetree"]) expect(() => tableOf(set, name)).toThrow(UnreadableTable);
  });
});
