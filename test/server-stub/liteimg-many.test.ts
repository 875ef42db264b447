import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRows } from "../../server-stub/liteimg/entries.ts";
import { planImage } from "../../server-stub/liteimg/plan.ts";
import { ImageTree, type Look } from "../../server-stub/liteimg/tree.ts";

/** Counts what a plan asks the file system. */
class CountingTree extends ImageTree {
  looks = 0;
  override look(location: string): Look {
    this.looks += 1;
    return super.look(location);
  }
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "statelite-liteimg-many-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const options of ["tmpfs", "link"])
  test(`${options}: four times as many rows for files of one directory are four times as many looks`, () => {
    const looksFor = (count: number): number => {
      const root = join(folder, `${options}-${count}`);
      mkdirSync(join(root, "opt"), { recursive: true });
      const paths = Array.from({ length: count }, (_, n) => `/opt/f${n}`);
      for (const path of paths) writeFileSync(join(root, path), path);
      const { entries } = checkRows(paths.map((path) => ({ options, file: path, origin: path })));
      const tree = new CountingTree(root);
      expect(planImage(tree, entries, []).problems).toEqual([]);
      return tree.looks;
    };
    expect(looksFor(400) / looksFor(100)).toBeLessThan(5);
  });
