import { expect, test } from "bun:test";
import { BOOT_SECONDS, bootFailure, openLab } from "../lab-note.ts";

test("a certificate from another CA: no table is taken from it, and the machine restarts", async () => {
  await using lab = await openLab({ name: "foreign-certificate", authority: "foreign" });
  const n01 = lab.boot("n01", { "statelite.onfail": "reboot", "statelite.onfail_delay": "1" });
  expect(await bootFailure(n01, BOOT_SECONDS)).toEqual({
    doing: "ask for litefile and litetree",
    on: "10.0.0.1:3001",
    found: expect.stringContaining("the server's certificate is not signed by the CA in the initrd"),
    remedy: expect.stringContaining("build the initrd again with that CA"),
    policy: "reboot in 1 s",
  });
  await n01.console.waitFor(/reboot: Restarting system/, 30);
  expect(lab.service("stub").output()).not.toContain("litefile:");
});
