import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseVariables } from "../../../agent/network/lease.ts";

const folder = mkdtempSync("/tmp/statelite-udhcpc-");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Calls the script as udhcpc does. */
function call(event: string, file: string, variables: Readonly<Record<string, string>>): void {
  const script = new URL("../../../initramfs/files/udhcpc.script", import.meta.url).pathname;
  const ours = { STATELITE_BUSYBOX: "/bin/busybox", STATELITE_LEASE: file };
  const { exitCode } = Bun.spawnSync([script, event], { cwd: folder, env: { ...variables, ...ours } });
  expect(exitCode).toBe(0);
}

test("a lease is written down as it is, and nothing in it is evaluated", () => {
  const file = join(folder, "lease");
  const lease = {
    ip: "10.9.0.17",
    hostname: '$(touch made); `touch made`; "; touch made #',
    domain: "two\nlines=and 'quotes'",
    search: "*",
    dns: "",
  };
  call("bound", file, lease);
  expect(Object.fromEntries(parseVariables(readFileSync(file, "latin1")))).toMatchObject(lease);
  expect(existsSync(join(folder, "made"))).toBe(false);
});

test.each(["deconfig", "leasefail", "nak", "renew"])("the event %s writes nothing", (event) => {
  const file = join(folder, event);
  call(event, file, { ip: "10.9.0.17" });
  expect(existsSync(file)).toBe(false);
});
