import { describe, expect, test } from "bun:test";
import { alignColumns, wrapText } from "../../agent/text-table.ts";

describe("a table in text", () => {
  test.each<[string, readonly (readonly (string | number)[])[], readonly string[]]>([
    [
      "columns stand below each other",
      [
        ["a", "b"],
        ["long", "c"],
      ],
      ["a     b", "long  c"],
    ],
    [
      "numbers are set to the right",
      [
        ["a", 5],
        ["b", 50],
      ],
      ["a   5", "b  50"],
    ],
    [
      "wide characters count as a terminal shows them",
      [
        ["漢字", "x"],
        ["abcd", "y"],
      ],
      ["漢字  x", "abcd  y"],
    ],
    ["what a terminal would obey is shown", [["\x1b[2J", "x"]], ["\\x1b[2J  x"]],
    [
      "no blanks at the end",
      [
        ["a", ""],
        ["bc", ""],
      ],
      ["a", "bc"],
    ],
  ])("%s", (_, rows, lines) => {
    expect(alignColumns(rows)).toEqual([...lines]);
  });

  test("one cell that is very wide does not push the others aside", () => {
    const [wide = "", narrow = ""] = alignColumns([
      ["w".repeat(200), "x"],
      ["n", "y"],
    ]);
    expect(wide).toEndWith("w  x");
    expect(narrow.length).toBeLessThan(70);
  });

  test("in a terminal the last column goes on below itself, broken between words", () => {
    const text = "one two three four five six seven";
    expect(alignColumns([["name", text]], { width: 31 })).toEqual([
      ["name  one two three four five", "      six seven"].join("\n"),
    ]);
  });

  test.each([
    ["a word that fits nowhere is broken", "x".repeat(50), 24, [24, 24, 2]],
    ["wide characters are not cut in two", "漢".repeat(20), 25, [24, 16]],
    ["what fits stays", "x".repeat(24), 24, [24]],
    ["a terminal too narrow for anything is left to break lines itself", "x".repeat(50), 10, [50]],
  ])("%s", (_, text, width, widths) => {
    const lines = wrapText(text, width).split("\n");
    expect(lines.map((line) => Bun.stringWidth(line))).toEqual(widths);
    expect(lines.join("")).toBe(text);
  });
});
