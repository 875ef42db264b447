import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSettings } from "../../../agent/cmdline/settings.ts";
import { restartOnPanic } from "../../../agent/failure/panic.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-panic-"));
afterAll(() => rmSync(base, { recursive: true }));
const file = join(base, "panic");

test.each([
  ["reboot: the kernel restarts where the agent itself dies", "reboot", 10, "0", "10"],
  ["reboot without a delay: as soon as it can", "reboot", 0, "0", "1"],
  ["a panic= of the command line stays", "reboot", 10, "30", "30"],
  ["shell: the panic stays on the console", "shell", 10, "0", "0"],
  ["poweroff: the kernel has nothing of the kind", "poweroff", 10, "0", "0"],
] as const)("%s; the real init finds what was there", (_, onfail, onfailDelay, before, during) => {
  writeFileSync(file, `${before}\n`);
  const putBack = restartOnPanic({ ...defaultSettings(), onfail, onfailDelay }, file);
  expect(readFileSync(file, "utf8")).toBe(`${during}\n`);
  putBack();
  expect(readFileSync(file, "utf8")).toBe(`${before}\n`);
});
