import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNode, type NodeSpec, problemLines } from "./node.ts";
import { type Tree, writeTree } from "./trees.ts";

/** `statelite.reseed`: what becomes of state whose origin has changed since it was seeded. */

const base = mkdtempSync(join(tmpdir(), "statelite-reseed-"));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;

const litefile = ["persistent /etc/a", "persistent /db/", "link,persistent /srv/l"];
const image: Tree = { "etc/a": "one\n", "db/x": "one\n", "db/y": "one\n", "srv/l": "one\n" };
const changed: Tree = { "etc/a": "two\n", "db/x": "two\n", "db/z": "two\n", "srv/l": "two\n" };
const CAT = "cat /etc/a /srv/l /db/*";

/** Boots on one image, lets something happen to the state, boots on another. */
async function bootTwice(
  reseed: string,
  second: Partial<NodeSpec>,
  meanwhile: (state: string) => void = () => undefined,
  rows: readonly string[] = litefile,
) {
  const directory = join(base, String(count++));
  mkdirSync(directory);
  const spec = { litefile: rows, state: { directory } };
  await (await makeNode({ ...spec, image }))[Symbol.asyncDispose]();
  meanwhile(directory);
  const node = await makeNode({ ...spec, image, settings: `statelite.reseed=${reseed}`, ...second });
  return { node, directory };
}

const wrote = (state: string) => writeTree(state, { "etc/a": "own\n", "db/own": "own\n" });

describe("an image whose defaults are other ones, or a source that there was not", () => {
  const rows: [string, string, Partial<NodeSpec>, ((state: string) => void) | undefined, string, string[]][] =
    [
      ["keep: nothing happens", "keep", { image: changed }, undefined, "one\none\none\none", []],
      [
        "report: it is said",
        "report",
        { image: changed },
        undefined,
        "one\none\none\none",
        ["/db/", "/etc/a", "/srv/l"],
      ],
      [
        "replace-unmodified: what the node never changed is seeded again",
        "replace-unmodified",
        { image: changed },
        undefined,
        "two\ntwo\ntwo\ntwo",
        [],
      ],
      [
        "replace-unmodified: what the node has changed stays, and it is said",
        "replace-unmodified",
        { image: changed },
        wrote,
        "own\ntwo\nown\none\none",
        ["/db/", "/etc/a"],
      ],
      [
        "replace-unmodified: the same content again is no change",
        "replace-unmodified",
        {},
        undefined,
        "one\none\none\none",
        [],
      ],
      [
        "replace-unmodified: a source goes before the default that it was",
        "replace-unmodified",
        { sources: [{ "etc/a": "src\n" }] },
        undefined,
        "src\none\none\none",
        [],
      ],
      [
        "replace-unmodified: a candidate that is gone changes nothing",
        "replace-unmodified",
        { image: { ...image, "etc/a": "" }, spoil: (root) => rmSync(join(root, ".default/etc/a")) },
        undefined,
        "one\none\none\none",
        [],
      ],
    ];
  test.each(rows)("%s", async (_, reseed, second, meanwhile, content, notes) => {
    const { node } = await bootTwice(reseed, second, meanwhile);
    await using _node = node;
    expect(problemLines(node.problems).sort()).toEqual(notes.map((path) => `seed-changed ${path}`));
    expect(node.problems.every((problem) => problem.class === "note")).toBe(true);
    expect(node.shell(CAT)).toBe(content);
  });
});

test("what lies inside an entry with one of its own is never replaced with it", async () => {
  const rows = [...litefile, "persistent /db/y"];
  const { node } = await bootTwice(
    "replace-unmodified",
    { image: { ...changed, "db/y": "two\n" } },
    undefined,
    rows,
  );
  await using _node = node;
  expect(problemLines(node.problems)).toEqual(["seed-changed /db/"]);
  expect(node.shell(CAT)).toBe("two\ntwo\none\ntwo");
});

test("where every seed came from, and what it was, is recorded beside it", async () => {
  const { node, directory } = await bootTwice("keep", {});
  await using _node = node;
  const { seeds } = JSON.parse(readFileSync(join(directory, ".statelite/seeds.json"), "utf8"));
  const seed = { from: "default", source: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) };
  expect(seeds).toEqual({
    "/etc/a": { ...seed, state: expect.any(String) },
    "/db": { ...seed, state: expect.any(String) },
    "/srv/l": { ...seed, state: expect.any(String) },
  });
});

test.each([
  ["no JSON", "{{{"],
  ["another shape", '{"seeds":{"/etc/a":7,"/db":{"from":3},"__proto__":{"from":"x"}}}'],
  ["fingerprints that fit nothing", '{"seeds":{"/etc/a":{"from":"default","source":"x","state":"y"}}}'],
])("a record that somebody has spoilt replaces nothing: %s", async (_, text) => {
  const spoil = (state: string) => writeFileSync(join(state, ".statelite/seeds.json"), text);
  const { node } = await bootTwice("replace-unmodified", { image: changed }, spoil);
  await using _node = node;
  expect(node.shell(CAT)).toBe("one\none\none\none");
});

test("power that fails while a seed is replaced: the next boot makes it again, and nothing of the old one is left", async () => {
  const aside = `.statelite-seed-${createHash("sha256").update("a/old").digest("hex").slice(0, 16)}`;
  const cutOff = (state: string) => renameSync(join(state, "etc/a"), join(state, "etc", aside));
  const { node, directory } = await bootTwice("replace-unmodified", { image: changed }, cutOff);
  await using _node = node;
  expect(readFileSync(join(directory, "etc/a"), "utf8")).toBe("two\n");
  expect(readdirSync(join(directory, "etc"))).toEqual(["a"]);
});
