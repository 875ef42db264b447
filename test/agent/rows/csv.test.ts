import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCsv } from "../../../agent/rows/csv.ts";

const header = "#image,file,options,comments,disable\n";

function cells(text: string): readonly (readonly string[])[] | undefined {
  return parseCsv("t", text, "t.csv").table?.rows.map((row) => row.cells);
}

describe("rows of a CSV file", () => {
  const good: readonly (readonly [string, string, readonly string[]])[] = [
    ["as tabdump writes them", '"ALL","/etc/motd","con",,', ["ALL", "/etc/motd", "con", "", ""]],
    ["as the cookbooks have them", '"ALL", "/etc/mtab", "link",,,', ["ALL", "/etc/mtab", "link", "", ""]],
    ["without quotes", "ALL,/etc/motd,con", ["ALL", "/etc/motd", "con"]],
    ["with blanks around bare fields", " ALL , /etc/motd ,", ["ALL", "/etc/motd", ""]],
    ["with blanks inside quotes", '" a "," b",', [" a ", " b", ""]],
    ["with doubled quotes", '"a""b","""",', ['a"b', '"', ""]],
    ["with commas in quotes", '"a,b","link,ro",', ["a,b", "link,ro", ""]],
    ["with a newline in quotes", '"a\nb","c",', ["a\nb", "c", ""]],
    ["with a DOS line end", '"a","b"\r', ["a", "b"]],
    ["with bytes that are not ASCII", '"\xe9","b"', ["\xe9", "b"]],
    ["after comments and empty lines", '\n#x,y\n\n"a","b"', ["a", "b"]],
  ];
  for (const [what, row, expected] of good) {
    test(what, () => {
      expect(cells(`${header}${row}\n`)).toEqual([[...expected]]);
    });
  }

  const bad: readonly (readonly [string, string, string])[] = [
    ["text after a quote", '"a"b,"c"', "text after the closing quote of field 1"],
    ["a quote that is not closed", '"a,b,c', "text after the closing quote of field 1"],
    ["more fields than columns", '"a","b","c","d","e","f"', "6 fields where the header has 5 columns"],
    ["a field of 64 KiB and more", `"${"x".repeat(70_000)}"`, "a field of over 64 KiB"],
  ];
  for (const [what, row, found] of bad) {
    test(`${what}: named with its line, and the next rows stay`, () => {
      const { table, problems } = parseCsv("t", `${header}"first","1"\n${row}\n"last","2"\n`, "t.csv");
      expect(problems).toEqual([{ origin: "t.csv", line: 3, found }]);
      expect(table?.rows.map((r) => [r.line, r.cells[0]])).toEqual([
        [2, "first"],
        [4, "last"],
      ]);
    });
  }

  test("a quote that is open at the end of the file", () => {
    const { problems } = parseCsv("t", `${header}"a`, "t.csv");
    expect(problems).toEqual([{ origin: "t.csv", line: 2, found: "a quote is not closed" }]);
  });

  const openings: readonly (readonly [string, string])[] = [
    ["a byte order mark", `\xef\xbb\xbf${header}`],
    ["a byte order mark and a DOS line end", `\xef\xbb\xbf${header.replace("\n", "\r\n")}`],
    ["remarks before the header", `# ours, of 2026\n#litefile\n\n${header}`],
    ["a header with blanks and quotes", '# image, "file" ,options,comments,disable\n'],
  ];
  for (const [what, opening] of openings) {
    test(`${what}: the same rows, with their lines`, () => {
      const { table, problems } = parseCsv("t", `${opening}"ALL","/a"\n`, "t.csv");
      expect(problems).toEqual([]);
      expect(table?.columns).toEqual(["image", "file", "options", "comments", "disable"]);
      expect(table?.rows).toEqual([{ line: opening.split("\n").length, cells: ["ALL", "/a"] }]);
    });
  }

  test("no header: nothing can be understood", () => {
    expect(parseCsv("t", '"ALL","/etc/motd"\n', "t.csv")).toEqual({
      problems: [{ origin: "t.csv", line: 0, found: "no header line such as #node,groups,comments,disable" }],
    });
  });

  const mistyped: readonly (readonly [table: string, header: string, lacking: string])[] = [
    ["litefile", "#image,path,options,comments,disable", "file"],
    ["litetree", "#prio,image,dir,mntopts", "priority, directory"],
    ["policy", "#priority,name,host,command,noderange,parameters,time,rule,comments,disable", "commands"],
    ["nodelist", "#nodes,groups", "node"],
  ];
  for (const [name, columns, lacking] of mistyped)
    test(`${name} without ${lacking}: no table, rather than one whose rows say something else`, () => {
      expect(parseCsv(name, `${columns}\n"a","b","c"\n`, "t.csv")).toEqual({
        problems: [{ origin: "t.csv", line: 0, found: `no column ${lacking} in its header` }],
      });
    });

  test("disabled rows are dropped: all but empty, 0 and no", () => {
    const rows = ["", "0", "no", "NO", "1", "yes", "x"].map((value) => `"${value}",,,,"${value}"`);
    expect(cells(`${header}${rows.join("\n")}\n`)?.map((row) => row[0])).toEqual(["", "0", "no", "NO"]);
  });

  test("whatever is written in quotes is read back", () => {
    const quote = (field: string): string => `"${field.replaceAll('"', '""')}"`;
    const field = fc.string({
      unit: fc.constantFrom("a", '"', ",", " ", "\n", "#", "\\", "\xe9"),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 5 }), (rows) => {
        const text = rows.map((row) => row.map(quote).join(",")).join("\n");
        expect(cells(`#a,b,c\n${text}\n`)).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });
});
