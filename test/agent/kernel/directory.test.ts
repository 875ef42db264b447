import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O } from "../../../agent/kernel/constants.ts";
import { nextNames, splitNames } from "../../../agent/kernel/directory.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-names-"));
afterAll(() => rmSync(base, { recursive: true }));

/** The names of a directory, in the parts in which they come. */
function parts(directory: string): string[][] {
  const fd = openSync(directory, O.RDONLY | O.DIRECTORY);
  try {
    const all: string[][] = [];
    for (let end = false; !end; ) {
      const read = nextNames(fd);
      all.push(splitNames(read).map((name) => name.toString("latin1")));
      end = read.end;
    }
    return all;
  } finally {
    closeSync(fd);
  }
}

function fill(name: string, names: readonly string[]): string {
  const directory = join(base, name);
  mkdirSync(directory);
  for (const one of names)
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(one, "latin1")]), "");
  return directory;
}

describe("the names of a directory are given as the kernel has them", () => {
  const rows: readonly (readonly [rule: string, names: readonly string[]])[] = [
    ["none", []],
    ["one", ["a"]],
    ["of dots", ["...", ".a", "..b", "a."]],
    ["of odd bytes", ["a\nb", "\x1b[2J", "\xff\xfe", " ", "caf\xe9"]],
    ["as long as may be", ["n".repeat(255), "m".repeat(255)]],
  ];
  test.each(rows)("%s", (rule, names) => {
    expect(parts(fill(rule, names)).flat().sort()).toEqual([...names].sort());
  });
});

test("of very many names only so many are held at a time", () => {
  const names = Array.from({ length: 5000 }, (_, n) => `a-file-with-a-name-${n}`);
  const read = parts(fill("many", names));
  expect(read.flat().sort()).toEqual(names.sort());
  expect(read.length).toBeGreaterThan(2);
  for (const part of read) expect(part.length).toBeLessThan(2500);
});

test("what is no directory, or is gone, fails with its errno", () => {
  const file = openSync(join(fill("file", ["x"]), "x"), O.RDONLY);
  expect(() => nextNames(file)).toThrow("ENOTDIR");
  closeSync(file);
  const gone = fill("gone", []);
  const fd = openSync(gone, O.RDONLY | O.DIRECTORY);
  rmSync(gone, { recursive: true });
  expect(() => nextNames(fd)).toThrow("ENOENT");
  closeSync(fd);
});
