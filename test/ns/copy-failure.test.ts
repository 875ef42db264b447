import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mount } from "../../agent/kernel/mount.ts";
import { makeDeep } from "./deep.ts";
import { type Row, testRows } from "./rows.ts";

/** What is left of copies that fail in the middle. */

const tooDeep = ({ source }: { source(n: number): string }) => {
  for (let n = 0; n < 100; n++) writeFileSync(join(source(1), `d/${n}`), "x");
  makeDeep(join(source(1), "d"), 1100, "n");
};
const smallTmpfs = (root: string) => mount("small", join(root, ".statelite"), "tmpfs", 0, "size=2500k");
const big = "big\n".repeat(100_000);

const failures: readonly Row[] = [
  {
    rule: "half a copy is removed, the rows inside it are given up, the others go on",
    spec: {
      litefile: ["tmpfs /d/", "tmpfs /d/own", "tmpfs /e"],
      image: { "d/own": "", e: "e\n" },
      sources: [{ "d/sub/x": "" }],
      arrange: tooDeep,
    },
    problems: ["op-copy /d/", "parent-failed /d/own"],
    see: { "ls -A /.statelite/tmpfs": "e\netc", "cat /e": "e", "ls /d": "own" },
  },
  {
    rule: "half a seed is removed, and the state has nothing of it",
    spec: {
      litefile: ["persistent /d/", "persistent /d/own", "persistent /e"],
      image: { "d/own": "", "d/a": "a", "d/b": big, "d/sub/c": "c", e: "e\n" },
      state: { old: "old" },
      arrange: ({ state }) => mount("small", state, "tmpfs", 0, "size=256k"),
    },
    problems: ["op-seed /d/", "parent-failed /d/own"],
    see: {
      "ls /.statelite/persistent/n01": "e",
      "find /.statelite/persistent/n01 -name '.statelite-*'": "",
      "cat /e": "e",
    },
  },
  {
    rule: "a tmpfs that somebody has filled since there was room: the copies that did not fit are gone, the others are there",
    spec: {
      litefile: ["tmpfs /big", "con /list", "link /link", "ro /small"],
      image: { big, list: big, link: big, small: "small\n" },
      mounted: smallTmpfs,
      planned: ({ base }) => writeFileSync(join(base, "root/.statelite/filler"), Buffer.alloc(2_300_000)),
    },
    problems: ["op-concatenate /list", "op-copy /big", "op-copy /link"],
    see: { "cat /small": "small", "ls /.statelite/tmpfs": "etc", "head -n 1 /big": "big" },
  },
];

testRows("a copy that fails", failures);
