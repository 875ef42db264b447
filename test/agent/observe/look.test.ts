import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directCalls } from "../../../agent/kernel/calls.ts";
import { look } from "../../../agent/observe/look.ts";
import { Root } from "../../../agent/observe/root.ts";

const question = (tree: string, path: string) => ({ tree, path, names: true, real: false });

/** A tree in a folder, and what is seen of it after something was done to the folder. */
async function seen(act: (folder: string) => void) {
  const base = mkdtempSync(join(tmpdir(), "statelite-look-"));
  const folder = join(base, "tree");
  mkdirSync(folder);
  writeFileSync(join(folder, "there"), "x");
  const root = new Root(base, directCalls);
  try {
    root.standIn("/source", folder);
    await root.tree("/source"); // As a mount does, it holds the directory whatever becomes of its name.
    act(folder);
    return await look(root, [question("/source", "/there"), question("/source", "/absent")], 4);
  } finally {
    await root.close();
    rmSync(base, { recursive: true, force: true });
  }
}

test("what is in a tree, and what is not", async () => {
  const found = await seen(() => {});
  expect(found.at(question("/source", "/there"))?.kind).toBe("file");
  expect(found.at(question("/source", "/absent"))).toBeUndefined();
  expect(found.failure(question("/source", "/absent"))).toBeUndefined();
});

test("a tree whose top was removed is not empty: nothing is known of it", async () => {
  const found = await seen((folder) => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    writeFileSync(join(folder, "there"), "another");
  });
  for (const path of ["/there", "/absent"]) {
    expect(found.at(question("/source", path))).toBeUndefined();
    expect(found.failure(question("/source", path))).toBe(
      "the directory itself was removed on the server after it was mounted",
    );
  }
});
