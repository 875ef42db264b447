import fc from "fast-check";
import invariant from "tiny-invariant";
import { parseCsv } from "../../agent/rows/csv.ts";
import { editCsv } from "../../server-stub/edit/csv-edit.ts";
import { mutated } from "./mutate.ts";
import { tableSamples } from "./samples.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const tokens = [
  ",",
  '"',
  '""',
  '","',
  "#",
  "\r\n",
  "\n#a,b\n",
  " ",
  "\t",
  '"yes"',
  ",".repeat(300),
  "\x1b[2J",
];
const cell = fc.string({
  unit: fc.oneof(fc.constantFrom(...'",#\n \t'), fc.constantFrom(..."abcXYZ09é\x1b")),
  maxLength: 12,
});

export default pureTarget(
  {
    name: "table",
    about:
      "Table files: every row is read or named with its line; what is written in tabdump's form is read again.",
    inputs: 100_000,
    share: 2000,
  },
  fc.record({
    text: mutated(Object.values(tableSamples), tokens),
    rows: fc.uniqueArray(fc.tuple(fc.uuid(), cell, cell), { selector: ([key]) => key, maxLength: 6 }),
    value: cell,
  }),
  ({ text, rows, value }) => {
    const lines = text.split("\n").length;
    const { table, problems } = parseCsv("t", text, "t.csv");
    invariant(table !== undefined || problems.length === 1);
    for (const { line, found } of problems) invariant(line >= 0 && line <= lines && found !== "");
    for (const { line, cells } of table?.rows ?? [])
      invariant(line > 0 && line <= lines && cells.length <= (table?.columns.length ?? 0));

    const csv = `#key,a,b\n${rows.map((row) => `${row.map(quoted).join(",")}\n`).join("")}`;
    checkEqual(contents(csv), rows, "as it was written");
    const [first, ...others] = rows;
    if (first === undefined) return;
    const edited = editCsv(csv, {
      key: "key",
      rows: new Map([
        [first[0], { b: value }],
        ["new", { b: value }],
      ]),
      missing: "add",
    });
    const wanted = [[first[0], first[1], value], ...others, ["new", "", value]];
    checkEqual(contents(edited), wanted, "as it was edited");
  },
);

/** As tabdump writes it. */
function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}

function contents(csv: string): readonly (readonly string[])[] | undefined {
  return parseCsv("t", csv, "t.csv").table?.rows.map(({ cells }) => cells);
}
