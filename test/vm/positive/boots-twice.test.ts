import { expect, test } from "bun:test";
import { bootTwice } from "../../../qemu/demo/boot-twice.ts";
import { openLab } from "../lab-note.ts";

test("a node boots twice, and all that its tables promise holds", async () => {
  await using lab = await openLab({ name: "boots-twice" });
  const { claims } = await bootTwice(lab, () => {});
  expect(claims.filter((claim) => !claim.held)).toEqual([]);
  expect(claims.length).toBeGreaterThan(70);
});
