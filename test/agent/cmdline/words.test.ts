import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatParameter, splitCommandLine } from "../../../agent/cmdline/words.ts";

const rows: readonly [rule: string, text: string, names: readonly (string | [string, string])[]][] = [
  ["words are cut at blanks, tabs and newlines", " quiet\tro  a=1\n", ["quiet", "ro", ["a", "1"]]],
  ["nothing gives nothing", " \n", []],
  ["quotes around a value come off", 'a="b c" d', [["a", "b c"], "d"]],
  ["quotes around the whole come off", '"a=b c" d', [["a", "b c"], "d"]],
  ["a quoted bare word", '"a b" c', ["a b", "c"]],
  ["quotes inside a value stay, and join", 'a=b"c d"e f', [["a", 'b"c d"e'], "f"]],
  ["a quote that opens inside a value and ends it stays", 'a=b"c d" f', [["a", 'b"c d"'], "f"]],
  ["a quote never closed runs to the end", 'a="b c d', [["a", "b c d"]]],
  ["an empty value", "a= b", [["a", ""], "b"]],
  ["an empty value in quotes", 'a="" b', [["a", ""], "b"]],
  ["only the first equals sign counts", "root=a=b=c", [["root", "a=b=c"]]],
  ["an equals sign at the start starts no value", "=a b", ["=a", "b"]],
  ["a quote alone", '"', [""]],
];

test.each(rows)("command line: %s", (_rule, text, expected) => {
  const got = splitCommandLine(text).parameters.map((p) =>
    p.value === undefined ? p.name : [p.name, p.value],
  );
  expect(got).toEqual([...expected]);
});

test("command line: what stands after -- is init's", () => {
  const line = splitCommandLine('a=1 -- b=2 "c d" -- e');
  expect(line.parameters).toEqual([{ name: "a", value: "1" }]);
  expect(line.afterDashes.map(formatParameter)).toEqual(["b=2", "c d", "--", "e"]);
});

test("command line: what can be quoted comes back as it was", () => {
  const name = fc.stringMatching(/^[A-Za-z_.][A-Za-z0-9_.-]{0,8}$/);
  const value = fc.stringMatching(/^[^"\0]{0,12}$/);
  const parameter = fc.record({ name, value }).filter((p) => p.name !== "--");
  fc.assert(
    fc.property(fc.array(parameter, { maxLength: 6 }), (parameters) => {
      const text = parameters.map((p) => `${p.name}="${p.value}"`).join(" ");
      expect(splitCommandLine(text).parameters).toEqual(parameters);
      const whole = parameters.map((p) => `"${p.name}=${p.value}"`).join("\n");
      // A value that starts where the whole's quotes are and is empty or quote-free comes back just the same.
      expect(splitCommandLine(whole).parameters).toEqual(parameters);
    }),
  );
});
