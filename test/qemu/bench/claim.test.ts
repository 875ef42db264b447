import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimFolder } from "../../../qemu/bench/claim.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bench-claim-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const leftBy = (owner: string) => {
  writeFileSync(join(folder, "owner.pid"), owner);
  writeFileSync(join(folder, "transcript"), "of an earlier run");
};

test.each([
  ["nobody", ""],
  ["a process that has ended", "4194305\n"],
  ["this process, a moment ago", `${process.pid}\n`],
])("a folder left by %s is emptied and taken", (_, owner) => {
  leftBy(owner);
  claimFolder(folder);
  expect(readdirSync(folder)).toEqual(["owner.pid"]);
});

test("a folder of a bench that runs is refused, and left as it is", () => {
  leftBy(`${process.ppid}\n`);
  expect(() => claimFolder(folder)).toThrow(`process ${process.ppid} runs a bench of that name`);
  expect(readdirSync(folder).sort()).toEqual(["owner.pid", "transcript"]);
});
