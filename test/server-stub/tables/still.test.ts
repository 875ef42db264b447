import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilStill } from "../../../server-stub/tables/still.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "statelite-still-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a file that is written this very moment is not still, however fine its time is", async () => {
  const waiting: Promise<void>[] = [];
  let still = 0;
  for (let count = 0; count < 300; count++) {
    const path = join(folder, `${count}.csv`);
    writeFileSync(path, "#node\n");
    statSync(path); // From here on newer kernels give it finer times (multigrain timestamps).
    writeFileSync(path, "#node,groups\n");
    const wait = untilStill(path).then(() => void still++);
    waiting.push(wait);
    await Promise.race([wait, Bun.sleep(1)]);
  }
  expect(still).toBe(0);
  await Promise.all(waiting);
});
