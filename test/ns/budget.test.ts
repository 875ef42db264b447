import { describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mount } from "../../agent/kernel/mount.ts";
import { makeNode, type NodeSpec, type Places, problemLines } from "./node.ts";
import type { Tree } from "./trees.ts";

/** What is copied into memory is added up first: what cannot fit is refused before anything is copied. */
interface Row {
  readonly rule: string;
  readonly spec: NodeSpec;
  /** Words of the refusal, in this order; absent where the node boots. */
  readonly refused?: readonly string[];
}

/** `.statelite` with these limits, as tmpfs(5) takes them. */
const limited = (options: string) => (root: string) =>
  mount("small", join(root, ".statelite"), "tmpfs", 0, options);
const KILO = "k".repeat(1000);
const files = (count: number, text: string): Tree =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`d/${n % 7}/${n}`, text]));
const grow = ({ image }: Places, path: string, size: number) => truncateSync(join(image, path), size);

const rows: readonly Row[] = [
  {
    rule: "what fits is copied",
    spec: { litefile: ["tmpfs /d/"], image: files(100, KILO), mounted: limited("size=500k") },
  },
  {
    rule: "a file takes whole pages",
    spec: { litefile: ["tmpfs /d/"], image: files(100, "x"), mounted: limited("size=300k") },
    refused: ["the tmpfs has room for 0.3 MB", '"tmpfs" /d/ with 0.5 MB in 108 files', "overlay"],
  },
  {
    rule: "entries that are files count as well, and the largest are named first, five of them",
    spec: {
      litefile: ["tmpfs /a", "link /b", "con /c", "tmpfs /e", "tmpfs /f", "tmpfs /g"],
      image: {
        ...{ a: KILO.repeat(30), b: KILO.repeat(60), c: KILO.repeat(90) },
        ...{ e: KILO.repeat(10), f: KILO.repeat(20), g: "small" },
      },
      mounted: limited("size=200k"),
    },
    refused: ['"con" /c', '"link" /b', '"tmpfs" /a', '"tmpfs" /f', '"tmpfs" /e with'],
  },
  {
    rule: "con counts all its files together",
    spec: {
      litefile: ["con /c"],
      image: { c: "" },
      sources: [{ c: KILO.repeat(60) }, { c: KILO.repeat(60) }],
      mounted: limited("size=100k"),
    },
    refused: ['"con" /c with 0.1 MB in 1 file'],
  },
  {
    rule: "a file with several names counts once",
    spec: {
      litefile: ["tmpfs /d/"],
      image: { "d/x": KILO.repeat(80) },
      arrange: ({ image }) => {
        mkdirSync(join(image, "d/sub"));
        for (const name of ["d/y", "d/sub/z"]) linkSync(join(image, "d/x"), join(image, name));
      },
      mounted: limited("size=100k"),
    },
  },
  {
    rule: "holes count nothing",
    spec: {
      litefile: ["tmpfs /d/", "tmpfs /sparse"],
      image: { "d/x": "x", sparse: "y" },
      arrange: (places) => {
        grow(places, "d/x", 3e7);
        grow(places, "sparse", 3e7);
      },
      mounted: limited("size=100k"),
    },
  },
  {
    rule: "a row inside another one counts once, with its own winner",
    spec: {
      litefile: ["tmpfs /d/", "tmpfs /d/big"],
      image: { "d/big": KILO.repeat(60), "d/x": KILO.repeat(30) },
      sources: [{ "d/big": KILO.repeat(60) }],
      mounted: limited("size=100k"),
    },
  },
  {
    rule: "more files than the tmpfs has inodes for",
    spec: { litefile: ["tmpfs /d/"], image: files(100, ""), mounted: limited("nr_inodes=100") },
    refused: ["109 files", "the tmpfs has room for"],
  },
  {
    rule: "a tmpfs without limits",
    spec: { litefile: ["tmpfs /d/"], image: files(100, KILO), mounted: limited("size=0,nr_inodes=0") },
  },
  {
    rule: "what is kept, shown read-only or through an overlay takes no memory",
    spec: {
      litefile: ["persistent /d/", "ro /e/", "overlay /f/"],
      image: { ...files(50, KILO), "e/x": KILO.repeat(300), "f/x": KILO.repeat(300) },
      state: {},
      mounted: limited("size=100k"),
    },
  },
  {
    rule: "statelite.tmpfs=overlay lets a node boot that could not",
    spec: {
      litefile: ["tmpfs /d/"],
      image: files(200, KILO),
      mounted: limited("size=100k"),
      settings: "statelite.tmpfs=overlay statelite.strict=1",
    },
  },
];

describe("the budget", () => {
  for (const { rule, spec, refused } of rows) {
    test(rule, async () => {
      await using node = await makeNode({
        state: {},
        ...spec,
        litefile: ["persistent /first", ...spec.litefile],
      });
      if (refused === undefined) {
        expect(problemLines(node.problems)).toEqual([]);
        return;
      }
      expect(problemLines(node.ended)).toEqual(["tmpfs-budget /.statelite/tmpfs"]);
      const [problem] = node.ended;
      const said = `${problem?.found}; ${problem?.remedy}`;
      let from = 0;
      for (const words of refused) {
        expect(said.slice(from)).toContain(words);
        from = said.indexOf(words, from);
      }
      // Nothing was begun, and what outlives the boot was left alone.
      expect(node.shell("cd /.statelite; ls -A tmpfs persistent/n01")).toBe("persistent/n01:\n\ntmpfs:");
    });
  }
});

test("what is added up is what is copied, to the byte", async () => {
  await using node = await makeNode({
    litefile: ["tmpfs /d/", "tmpfs /d/3/3", "link /l", "persistent /p/", "con /c"],
    image: { ...files(40, KILO), l: "l", "p/x": KILO, c: "" },
    sources: [{ "d/3/3": "three", c: "one" }, { c: "two" }],
    state: {},
    arrange: ({ image }) => {
      linkSync(join(image, "d/1/1"), join(image, "d/2/again"));
      writeFileSync(join(image, "d/empty"), "");
      mkdirSync(join(image, "d/hollow"));
    },
  });
  const said = node.log.map((line) => /to be copied: (\d+) bytes in (\d+) files/.exec(line)).find(Boolean);
  const { bytes, files: made } = node.totals;
  // The second name of a file is a name, not a copy; the mtab that every node has is empty.
  expect([said?.[1], said?.[2]].map(Number)).toEqual([bytes, made - 1]);
});
