import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCsv } from "../../../agent/rows/csv.ts";
import { editCsv } from "../../../server-stub/edit/csv-edit.ts";
import type { TableEdit } from "../../../server-stub/edit/editor.ts";

const header = "#node,status,comments,disable\n";
const booting = { status: "booting" };
const edit = (text: string, rows: TableEdit["rows"]) =>
  editCsv(text, { key: "node", rows, missing: "leave" });

describe("an edited table keeps everything but the cells that were changed", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a value is put in", `${header}"n01",,,\n`, `${header}"n01","booting",,\n`],
    ["a value is replaced", `${header}"n01","old",,\n`, `${header}"n01","booting",,\n`],
    [
      "other rows and their order stay",
      `${header}n00,x,,\n"n01",,,\nn02,,\n`,
      `${header}n00,x,,\n"n01","booting",,\nn02,,\n`,
    ],
    [
      "comments and blank lines stay",
      `${header}# why\n\n"n01",,,\n#end\n`,
      `${header}# why\n\n"n01","booting",,\n#end\n`,
    ],
    [
      "a row that nobody can read stays",
      `${header}"n00,,\n"n01",,,\n`,
      `${header}"n00,,\n"n01","booting",,\n`,
    ],
    ["a disabled row stays", `${header}n01,,,1\nn01,,,\n`, `${header}n01,,,1\n"n01","booting",,\n`],
    ["quotes in other cells stay", `${header}n01,,"a ""b"",c",\n`, `${header}"n01","booting","a ""b"",c",\n`],
    [
      "a value of several lines stays",
      `${header}n01,,"a\nb",\nn02,,,\n`,
      `${header}"n01","booting","a\nb",\nn02,,,\n`,
    ],
    ["bytes that are no text stay", `${header}n01,,"\xff\xe4",\n`, `${header}"n01","booting","\xff\xe4",\n`],
    ["line ends stay", "#node,status\r\nn01,\r\nn02,\r\n", '#node,status\r\n"n01","booting"\r\nn02,\r\n'],
    ["a last line without its end stays so", `${header}n01,,,`, `${header}"n01","booting",,`],
  ];
  for (const [rule, before, after] of cases) {
    test(rule, () => {
      expect(edit(before, new Map([["n01", booting]]))).toBe(after);
    });
  }
});

test("several rows, one of them of several lines, change at once", () => {
  const before = `${header}n01,,"a\nb",\n# between\nn02,,,\n`;
  const changes = new Map([
    ["n02", { status: "failed" }],
    ["n01", booting],
  ]);
  expect(edit(before, changes)).toBe(`${header}"n01","booting","a\nb",\n# between\n"n02","failed",,\n`);
});

describe("a key without a row", () => {
  const before = `${header}n02,,,`;
  const rows = new Map([["n01", booting]]);

  test("changes nothing where it is to be left", () => {
    expect(edit(before, rows)).toBe(before);
  });

  test("becomes the last row where it is to be added", () => {
    expect(editCsv(before, { key: "node", rows, missing: "add" })).toBe(`${before}\n"n01","booting",,\n`);
  });
});

test("a column that the header lacks is an error that names it", () => {
  const tried = () => edit("#node,groups\nn01,all\n", new Map([["n01", booting]]));
  expect(tried).toThrow("no column status");
});

test("whatever stands in a table, an edit changes the cells that it names and no other", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", " ", ",", '"', "\n", "#", "\xe4") });
  const written = fc.oneof(
    cell.map((value) => `"${value.replaceAll('"', '""')}"`),
    fc.constantFrom("", "bare", "#bare"),
    cell,
  );
  const line = fc.oneof(
    fc.array(written, { maxLength: 3 }).map((cells) => cells.join(",")),
    fc.constant("# why"),
  );
  const nodes = fc.constantFrom("n01", '"n02"', "n03");
  const row = fc.tuple(nodes, line).map(([node, rest]) => `${node},${rest}`);
  const texts = fc.array(fc.oneof(row, line)).map((lines) => `${header}${lines.join("\n")}`);
  const rowsOf = (csv: string) =>
    parseCsv("t", csv, "").table?.rows.map(({ cells }) => [0, 1, 2, 3].map((at) => cells[at] ?? "")) ?? [];
  let changed = 0;
  fc.assert(
    fc.property(texts, fc.constantFrom("n01", "n02", "n03"), cell, (text, node, status) => {
      const expected = rowsOf(text);
      const first = expected.find(([name]) => name === node);
      if (first !== undefined) first[1] = status;
      if (first !== undefined) changed += 1;
      expect(rowsOf(edit(text, new Map([[node, { status }]])))).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
  expect(changed).toBeGreaterThan(500);
});
