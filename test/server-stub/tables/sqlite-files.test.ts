import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableOf } from "../../../agent/rows/table.ts";
import { readTables } from "../../../server-stub/tables/open.ts";

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

  test("that are none, or have another table in them, are named and take no other down", async () => {
    writeFileSync(
      join(folder, "litefile.sqlite"),
      "not a database, although it is long enough to be one".repeat(50),
    );
    using other = new Database(join(folder, "litetree.sqlite"));
    other.run("CREATE TABLE other (a TEXT)");
    expect(tableOf(await read(), "site").rows).toHaveLength(1);
    expect(lines.sort()).toEqual([
      expect.stringMatching(/litefile\.sqlite: .*not a database/),
      expect.stringMatching(/litetree\.sqlite: there is no table litetree in it; ignored/),
    ]);
  });
});
