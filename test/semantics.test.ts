import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The table of `semantics.md` is only worth something while the tests that it names are there. */

const text = readFileSync(join(import.meta.dir, "semantics.md"), "utf8");
const rows = text
  .slice(0, text.indexOf("## Broken on purpose"))
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| rule"))
  .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "").trim()));

test("every test that semantics.md names is in its file", () => {
  expect(rows.length).toBeGreaterThan(50);
  const missing = rows.filter(([, file = "", name = ""]) => {
    const source = readFileSync(join(import.meta.dir, "..", file), "utf8").replaceAll('\\"', '"');
    return name === "" || !source.includes(name);
  });
  expect(missing).toEqual([]);
});
