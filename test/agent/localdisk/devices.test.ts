import { expect, test } from "bun:test";
import { promises as fs, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAt } from "../../../agent/localdisk/devices.ts";

test.each<[at: number, bytes: number, read: string]>([
  [0, 5, "bytes"],
  [2, 3, "tes"],
  [0, 6, "it ends after 5 bytes, 6 were wanted"],
  [7, 1, "it ends after 7 bytes, 8 were wanted"],
])("of five bytes, from %d on %d: %s", async (at, bytes, read) => {
  const folder = mkdtempSync(join(tmpdir(), "statelite-read-"));
  writeFileSync(join(folder, "disk"), "bytes");
  const handle = await fs.open(join(folder, "disk"), "r");
  const said = await readAt(handle, at, bytes).then(String, (error: unknown) => (error as Error).message);
  await handle.close();
  rmSync(folder, { recursive: true });
  expect(said).toBe(read);
});
