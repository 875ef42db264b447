import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { unfinishedFolder } from "../../initramfs/unfinished.ts";
import { scratch } from "./scratch.ts";

test("what an ended process has left goes, that of a running one and everything else stays", async () => {
  using folder = scratch();
  const parent = join(folder.path, "cache");
  const ended = Bun.spawnSync(["true"]).pid;
  for (const name of [`compile-${ended}-abc`, "compile-1-abc", `other-${ended}-abc`, "compile-notes"])
    mkdirSync(join(parent, name), { recursive: true });
  writeFileSync(join(parent, `compile-${ended}-abc`, "program"), "");
  const made = basename(await unfinishedFolder(parent, "compile-"));
  expect(made).toStartWith(`compile-${process.pid}-`);
  expect(readdirSync(parent).sort()).toEqual(
    ["compile-1-abc", "compile-notes", made, `other-${ended}-abc`].sort(),
  );
});
