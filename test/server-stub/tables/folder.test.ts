import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEditor } from "../../../server-stub/edit/open.ts";
import { openTables } from "../../../server-stub/tables/open.ts";
import type { TableSource } from "../../../server-stub/tables/source.ts";

const baseline = join(import.meta.dir, "../../golden/xcatd/tables-baseline");

describe("a folder of tables that is followed", () => {
  let folder: string;
  let source: TableSource;
  let log: string[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "statelite-folder-"));
    cpSync(baseline, folder, { recursive: true });
    log = [];
    source = await openTables(folder, { line: (line) => void log.push(line) });
  });
  afterEach(() => {
    source.close();
    rmSync(folder, { recursive: true });
  });

  /** Waits until the source has seen a change that was made after all others, and gives what it has then. */
  async function afterwards() {
    const before = source.current();
    const site = join(folder, "site.csv");
    writeFileSync(site, `${readFileSync(site, "latin1")}"seen","yes",,\n`);
    for (let tries = 0; tries < 200 && source.current() === before; tries += 1) await Bun.sleep(25);
    return source.current();
  }

  test("has the same nodelist as before when only statuses were written", async () => {
    const before = source.current().tables.get("nodelist");
    const rows = new Map([["n01", { status: "booting", statustime: "now" }]]);
    await (await openEditor(folder)).edit({ table: "nodelist", key: "node", rows, missing: "leave" });
    expect(readFileSync(join(folder, "nodelist.csv"), "latin1")).toContain('"booting"');
    expect((await afterwards()).tables.get("nodelist")).toBe(before);
  });

  test("has another one when a group was", async () => {
    const before = source.current().tables.get("nodelist");
    const rows = new Map([["n01", { groups: "other" }]]);
    await (await openEditor(folder)).edit({ table: "nodelist", key: "node", rows, missing: "leave" });
    const after = (await afterwards()).tables.get("nodelist");
    expect(after).not.toBe(before);
    const row = after?.rowsWhere("node", "n01")[0];
    expect(row && after?.cell(row, "groups")).toBe("other");
  });

  test("goes on where a pipe has the name of a table, and says so", async () => {
    const before = source.current().tables.get("litefile");
    const path = join(folder, "litefile.csv");
    rmSync(path);
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    expect((await afterwards()).tables.get("litefile")).toBe(before);
    expect(log.join("\n")).toContain(`${path}: Error: it is no regular file`);
  });

  test("says once what is wrong with a row while statuses are written, and again when others change", async () => {
    const path = join(folder, "nodelist.csv");
    const complaints = () => log.filter((line) => line.includes("nodelist.csv line 10: ")).length;
    const row = (groups: string) =>
      writeFileSync(path, `${readFileSync(path, "latin1")}"bad","a" x\n"n90","${groups}"\n`);
    row("all");
    await afterwards();
    expect(complaints()).toBe(1);
    for (const status of ["netbooting", "booting"]) {
      const rows = new Map([["n01", { status, statustime: "now" }]]);
      await (await openEditor(folder)).edit({ table: "nodelist", key: "node", rows, missing: "leave" });
      await afterwards();
    }
    expect(complaints()).toBe(1);
    row("compute");
    await afterwards();
    expect(complaints()).toBe(2);
  });

  for (const [kind, named] of [
    ["csv", "CSV"],
    ["sqlite", "SQLite"],
  ] as const)
    test(`says that no node is known where there are no ${named} files, but perhaps others`, async () => {
      const other = join(folder, "other");
      mkdirSync(other);
      writeFileSync(join(other, kind === "csv" ? "nodelist.sqlite" : "nodelist.csv"), "#node\n");
      const said: string[] = [];
      (await openTables(`${kind}:${other}`, { line: (line) => void said.push(line) })).close();
      expect(said).toEqual([`tables: there are no ${named} files in ${other}; without any no node is known`]);
    });

  for (const [where, cut] of [
    ["in a line", 14],
    ["at a line's end", 0],
  ] as const)
    test(`has no half of a file that is written piece by piece, be it cut ${where}`, async () => {
      const path = join(folder, "litefile.csv");
      const text = `${readFileSync(path, "latin1")}"ALL","/a/new","tmpfs",,\n`;
      const half = text.slice(0, text.indexOf("\n", text.length / 2) + 1 + cut);
      const whole = source.current().tables.get("litefile")?.rows.length ?? 0;
      const file = openSync(path, "w");
      const seen = new Set<number>();
      for (const piece of [half, text.slice(half.length)]) {
        writeSync(file, piece, null, "latin1");
        for (let looks = 0; looks < 10; looks += 1) {
          await Bun.sleep(50); // Less than a second between the two: nobody's pause is longer.
          seen.add(source.current().tables.get("litefile")?.rows.length ?? 0);
        }
      }
      closeSync(file);
      for (let tries = 0; tries < 200 && !seen.has(whole + 1); tries += 1) {
        await Bun.sleep(25);
        seen.add(source.current().tables.get("litefile")?.rows.length ?? 0);
      }
      expect([...seen]).toEqual([whole, whole + 1]);
    });
});
