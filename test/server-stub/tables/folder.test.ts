import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  cpSync,
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
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "statelite-folder-"));
    cpSync(baseline, folder, { recursive: true });
    source = await openTables(folder, { line: () => {} });
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
