import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOGUE, CHAPTERS } from "../agent/catalogue/catalogue.ts";
import { withCatalogue } from "../agent/catalogue/page.ts";

const page = readFileSync(join(import.meta.dir, "../ADMINISTRATORS.md"), "utf8");

test("the page's messages are those of the code (bun agent/catalogue/write-page.ts makes them anew)", () => {
  expect(withCatalogue(page)).toBe(page);
});

test("every code is in one chapter, and its three parts are whole sentences that fit a table's cell", () => {
  const codes = CHAPTERS.flatMap(({ entries }) => Object.keys(entries));
  expect(codes.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
  const parts = Object.entries(CATALOGUE).flatMap(([code, entry]) =>
    [entry.meaning, entry.cause, entry.remedy].map((part) => [code, part] as const),
  );
  expect(parts.filter(([, part]) => !/^(?:[A-Z`]|xcatd )[^|\n]*[.]$/.test(part))).toEqual([]);
});
