import { afterAll, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveAttributes } from "../../../agent/effects/attributes.ts";
import { setModeOf } from "../../../agent/effects/mode.ts";
import { durableWriter } from "../../../agent/effects/writer.ts";
import { directCalls } from "../../../agent/kernel/calls.ts";

/** Where others can write, as in a state on its server, a name may be another inode's from one call to the next. */

const base = mkdtempSync(join(tmpdir(), "statelite-mode-"));
afterAll(() => rmSync(base, { recursive: true }));

const canary = join(base, "canary");
writeFileSync(canary, "outside\n", { mode: 0o600 });
const modeOf = (path: string) => statSync(path).mode & 0o7777;

test("the mode goes to what has the name, set-user-ID included", async () => {
  const path = join(base, "own");
  writeFileSync(path, "");
  await setModeOf(path, 0o4711);
  expect(modeOf(path)).toBe(0o4711);
});

test("a symlink is refused, and what it leads to keeps its mode", async () => {
  const path = join(base, "link");
  symlinkSync(canary, path);
  expect(setModeOf(path, 0o666)).rejects.toMatchObject({ code: "ELOOP" });
  expect(modeOf(canary)).toBe(0o600);
});

test("a file that is replaced by a symlink while it gets its attributes: what lies outside keeps its mode", async () => {
  const path = join(base, "seeded");
  writeFileSync(path, "");
  const swap = () => {
    renameSync(path, `${path}.away`);
    symlinkSync(canary, path);
    return Promise.resolve();
  };
  const writer = durableWriter({ ...directCalls, setXattr: swap });
  const stats = lstatSync(path, { bigint: true });
  const xattrs = [{ name: "user.x", value: new Uint8Array(1) }];
  const given = giveAttributes(writer, Buffer.from(path), "seeded", { stats, xattrs });
  expect(given).rejects.toMatchObject({ code: "ELOOP" });
  await given.catch(() => undefined);
  expect(modeOf(canary)).toBe(0o600);
});
