import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BOOT_SECONDS, bootFailure, openLab, POWER_OFF } from "../lab-note.ts";

test("an NFSROOT that is not exported: both directories that were tried, the machine is off, and the nodelist table has it", async () => {
  await using lab = await openLab({ name: "wrong-nfsroot" });
  const n01 = lab.boot("n01", { NFSROOT: "10.0.0.1:/install/netboot/nosuch", ...POWER_OFF });
  expect(await bootFailure(n01, BOOT_SECONDS)).toEqual({
    doing: "mount the image",
    on: "10.0.0.1:/install/netboot/nosuch/rootimg or /install/netboot/nosuch",
    found: "10.0.0.1:/install/netboot/nosuch does not exist on the server, or is not exported (NFS 4.2)",
    remedy: expect.stringContaining("check the path and the server's exports"),
    policy: "poweroff in 1 s",
  });
  await n01.console.waitFor(/reboot: Power down/, 30);
  await n01.exited(30);
  expect(readFileSync(join(lab.tables, "nodelist.csv"), "utf8")).toMatch(/^"n01","all,compute","failed",/m);
});
