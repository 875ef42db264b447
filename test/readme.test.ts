import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatSettingsTable } from "../agent/cmdline/settings.ts";

const project = join(import.meta.dir, "..");
const readme = readFileSync(join(project, "README.md"), "utf8");

test("the README's settings are those of the code", () => {
  const table = /<!-- settings:.*?-->\n([\s\S]*?)\n<!-- \/settings -->/.exec(readme)?.[1];
  expect(table).toBe(formatSettingsTable().trim());
});

test("every file and folder that the README names is there", () => {
  const named = [...readme.matchAll(/`((?:agent|server-stub|initramfs|qemu|test)\/[\w./-]*)`/g)].map(
    (m) => m[1] ?? "",
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(project, path)))).toEqual([]);
});
