import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQL } from "bun";
import { openPostgres, type Postgres, postgresUsers } from "../../../qemu/postgres/server.ts";
import { csvFilesEditor } from "../../../server-stub/edit/csv-files.ts";
import type { TableEdit } from "../../../server-stub/edit/editor.ts";
import { openEditor } from "../../../server-stub/edit/open.ts";
import { removeUnfinished } from "../../../server-stub/replace.ts";
import { formatStatusTime } from "../../../server-stub/status/status.ts";

const header = "#node,groups,status,statustime,comments,disable\n";
const at = new Date(2026, 10, 21, 7, 5, 9);
function edit(status: string, ...nodes: readonly string[]): TableEdit {
  const row = { status, statustime: formatStatusTime(at) };
  return {
    table: "nodelist",
    key: "node",
    rows: new Map(nodes.map((node) => [node, row])),
    missing: "leave",
  };
}

const folders: string[] = [];
function folder(rows: string): string {
  const path = mkdtempSync(join(tmpdir(), "statelite-status-"));
  folders.push(path);
  writeFileSync(join(path, "nodelist.csv"), header + rows);
  return path;
}
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true });
});

describe("nodelist.csv", () => {
  test("gets the status, and the time as xCAT writes it", async () => {
    const path = folder('"n01","all",,,,\n');
    await csvFilesEditor(path).edit(edit("booting", "n01"));
    expect(readFileSync(join(path, "nodelist.csv"), "latin1")).toBe(
      `${header}"n01","all","booting","11-21-2026 07:05:09",,\n`,
    );
  });

  test("is not taken away from somebody who is writing it piece by piece", async () => {
    const path = folder("");
    const file = openSync(join(path, "nodelist.csv"), "w");
    writeSync(file, `${header}"n01",,,,,\n`);
    const edited = csvFilesEditor(path).edit(edit("booting", "n01"));
    await Bun.sleep(300);
    writeSync(file, '"n02",,,,,\n');
    closeSync(file);
    await edited;
    const text = readFileSync(join(path, "nodelist.csv"), "latin1");
    expect(text).toContain('"n01",,"booting"');
    expect(text).toEndWith('\n"n02",,,,,\n');
  });

  test("what a server that was killed has left half written goes an hour later", async () => {
    const path = folder("n01,,,,,\n");
    writeFileSync(join(path, ".nodelist.csv.7.new"), "half");
    symlinkSync("nowhere", join(path, ".01-02.7.new"));
    await csvFilesEditor(path).edit(edit("booting", "n01"));
    expect(readdirSync(path)).toContain(".nodelist.csv.7.new"); // It might be another server's, at work.
    await removeUnfinished(path, Date.now() + 3_700_000);
    expect(readdirSync(path).sort()).toEqual([".nodelist.csv.lock", "nodelist.csv"]);
  });

  test("keeps its permissions and stays the file that a link leads to", async () => {
    const path = folder("");
    mkdirSync(join(path, "real"));
    const real = join(path, "real", "nodelist.csv");
    writeFileSync(real, `${header}n01,,,,,\n`);
    chmodSync(real, 0o640);
    rmSync(join(path, "nodelist.csv"));
    symlinkSync("real/nodelist.csv", join(path, "nodelist.csv"));
    await csvFilesEditor(path).edit(edit("booting", "n01"));
    expect(readFileSync(real, "latin1")).toContain('"booting"');
    expect(statSync(real).mode & 0o7777).toBe(0o640);
    // The lock's file stays for the next one; nothing else does.
    expect(readdirSync(join(path, "real")).sort()).toEqual([".nodelist.csv.lock", "nodelist.csv"]);
  });

  test("loses nothing where many servers and an administrator write at once", async () => {
    const nodes = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const path = folder(nodes.map((node) => `"${node}","all",,,,\n`).join(""));
    const child = `
      import type { SQL } from "bun";
import { openPostgres, type Postgres, postgresUsers } from "../../../qemu/postgres/server.ts";
import { csvFilesEditor } from "${import.meta.dir}/../../../server-stub/edit/csv-files.ts";
      for (const node of process.argv.slice(2))
        await csvFilesEditor(${JSON.stringify(path)})
          .edit({ table: "nodelist", key: "node", rows: new Map([[node, { status: "booting" }]]), missing: "leave" });`;
    const script = join(path, "child.ts");
    writeFileSync(script, child);
    const servers = [0, 1, 2, 3].map((part) =>
      Bun.spawn([process.execPath, script, ...nodes.filter((_, index) => index % 4 === part)], {
        stderr: "pipe",
      }),
    );
    const ends = await Promise.all(
      servers.map(async (server) => [await server.exited, await new Response(server.stderr).text()]),
    );
    expect(ends).toEqual(servers.map(() => [0, ""]));
    const text = readFileSync(join(path, "nodelist.csv"), "latin1");
    expect(text.match(/"booting"/g)?.length).toBe(nodes.length);
  });

  const refusals: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    [
      "in a folder where no lock can be made",
      (path) => mkdirSync(join(path, ".nodelist.csv.lock")),
      /the lock \S+\/\.nodelist\.csv\.lock cannot be had .*: may its folder be written to\?/,
    ],
    ["that is not there", (path) => rmSync(join(path, "nodelist.csv")), /ENOENT/],
    [
      "without the column",
      (path) => writeFileSync(join(path, "nodelist.csv"), "#node\nn01\n"),
      /no column status/,
    ],
  ];
  for (const [rule, prepare, message] of refusals) {
    test(`${rule} is an error that says so`, async () => {
      const path = folder("");
      prepare(path);
      expect(csvFilesEditor(path).edit(edit("booting", "n01"))).rejects.toThrow(message);
    });
  }
});

describe("nodelist.sqlite", () => {
  function database(path: string): Database {
    return new Database(join(path, "nodelist.sqlite"), { create: true, readwrite: true });
  }

  test("gets the status while xcatd has it locked for a moment", async () => {
    const path = folder("");
    using xcatd = database(path);
    xcatd.run("CREATE TABLE nodelist (node TEXT, status TEXT, statustime TEXT, PRIMARY KEY (node))");
    xcatd.run("INSERT INTO nodelist VALUES ('n01', NULL, NULL), ('n02', 'booted', 'then')");
    xcatd.run("BEGIN EXCLUSIVE");
    const written = (await openEditor(`sqlite:${path}`)).edit(edit("failed", "n01", "nosuch"));
    await Bun.sleep(60);
    xcatd.run("COMMIT");
    await written;
    expect(xcatd.query("SELECT * FROM nodelist ORDER BY node").values()).toEqual([
      ["n01", "failed", "11-21-2026 07:05:09"],
      ["n02", "booted", "then"],
    ]);
  });

  test("is not made where it is not there", async () => {
    const path = folder("");
    const editor = await openEditor(`sqlite:${path}`);
    expect(editor.edit(edit("booting", "n01"))).rejects.toThrow();
    expect(readdirSync(path)).toEqual(["nodelist.csv"]);
  });
});

describe("PostgreSQL", () => {
  let postgres: Postgres;
  let sql: SQL;
  let owner: string;
  beforeAll(async () => {
    postgres = await openPostgres();
    sql = postgres.connect();
    owner = postgres.ownTables;
    await sql`CREATE TABLE nodelist (node text PRIMARY KEY, status text, statustime text)`;
    await sql`GRANT SELECT ON nodelist TO ${sql(postgresUsers.reader)}`;
  });
  beforeEach(async () => {
    await sql`TRUNCATE nodelist`;
    await sql`INSERT INTO nodelist VALUES ('n01', NULL, NULL), ('n02', 'booted', 'then')`;
  });
  afterAll(async () => {
    await sql.close();
    await postgres[Symbol.asyncDispose]();
  });

  test("gets the status, also after it was away", async () => {
    const editor = await openEditor(owner);
    await editor.edit(edit("booting", "n01"));
    await postgres.stop();
    expect(editor.edit(edit("lost", "n01"))).rejects.toThrow();
    await postgres.start();
    await editor.edit(edit("failed", "n01", "nosuch"));
    expect([...(await sql`SELECT * FROM nodelist ORDER BY node`.values())]).toEqual([
      ["n01", "failed", "11-21-2026 07:05:09"],
      ["n02", "booted", "then"],
    ]);
  });

  test("all of an edit or nothing, and rows are added where that is asked for", async () => {
    const editor = await openEditor(owner);
    const rows = new Map([
      ["n03", { status: "new" }],
      ["n02", { status: "" }],
    ]);
    await editor.edit({ table: "nodelist", key: "node", rows, missing: "add" });
    const bad = new Map([["n01", { status: "lost", nosuch: "column" }]]);
    expect(editor.edit({ table: "nodelist", key: "node", rows: bad, missing: "add" })).rejects.toThrow(
      "nosuch",
    );
    expect([...(await sql`SELECT node, status FROM nodelist ORDER BY node`.values())]).toEqual([
      ["n01", null],
      ["n02", null],
      ["n03", "new"],
    ]);
  });

  test("a user who may only read is told so", async () => {
    const editor = await openEditor(postgres.tables);
    expect(editor.edit(edit("booting", "n01"))).rejects.toThrow(/permission denied/);
  });
});
