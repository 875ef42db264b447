import { afterAll, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nextData } from "../../../agent/kernel/inode.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-holes-"));
afterAll(() => rmSync(base, { recursive: true }));

test("a hole is passed over, data is where it is, and behind the last of it there is none", () => {
  const fd = openSync(join(base, "sparse"), "w+");
  writeSync(fd, "x", 10_000_000);
  expect(nextData(fd, 0)).toBeWithin(9_900_000, 10_000_001);
  expect(nextData(fd, 10_000_000)).toBe(10_000_000);
  expect(nextData(fd, 10_000_001)).toBeUndefined();
  closeSync(fd);
});

test("where the file system does not tell, everything is data", () => {
  const fd = openSync("/proc/self/mountinfo", "r");
  expect(nextData(fd, 7)).toBe(7);
  closeSync(fd);
});
