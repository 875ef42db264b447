import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MNT_DETACH } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { run } from "./inventory.ts";
import { makeNode, mustHaveOwnMounts } from "./node.ts";

/** More than anybody has a use for: names in a directory, sources in litetree. */

const NAMES = 200_000;
/** Held all at once the names would take 140 MiB more than this agent has. */
const GROWTH = 90 << 20;

const base = mkdtempSync(join(tmpdir(), "statelite-many-"));

beforeAll(() => {
  mustHaveOwnMounts();
  mount("many", base, "tmpfs", 0, "");
  mkdirSync(join(base, "many"));
  run("/bin/sh", [
    "-c",
    `cd "$1" && seq -f 'a-file-with-a-name-%07g' ${NAMES} | xargs touch`,
    "sh",
    join(base, "many"),
  ]);
}, 60_000);
afterAll(() => {
  umount(base, MNT_DETACH);
  rmSync(base, { recursive: true });
});

test("an entry of 200,000 names is looked at and added up in little memory", () => {
  const child = Bun.spawnSync([process.execPath, join(import.meta.dir, "many-child.ts"), base]);
  expect(child.stderr.toString()).toBe("");
  const { names, inodes, grown }: { names: number; inodes: number; grown: number } = JSON.parse(
    `${child.stdout}`,
  );
  expect({ names, inodes }).toEqual({ names: 1000, inodes: NAMES + 1 });
  expect(grown).toBeLessThan(GROWTH);
});

test("a litetree of 3,000 rows of which all but two cannot be mounted: the others serve, the rest is told", async () => {
  const litetree = Array.from({ length: 3000 }, (_, n) => ({
    row: `mn:/tree${n}/of/many`,
    ...(n >= 2998 && { source: n - 2997 }),
  }));
  await using node = await makeNode({
    litefile: ["tmpfs /a", "con /c", "tmpfs /d/"],
    image: { a: "image\n", c: "image\n", "d/x": "image\n" },
    sources: [
      { a: "one\n", c: "one\n" },
      { a: "two\n", c: "two\n" },
    ],
    litetree,
  });
  expect(node.shell("cat /a /c /d/x")).toBe("one\none\ntwo\nimage");
  expect(node.problems.map(({ code }) => code)).toEqual(Array(2998).fill("source-mount"));
});
