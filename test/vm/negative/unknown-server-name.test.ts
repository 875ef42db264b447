import { expect, test } from "bun:test";
import { BOOT_SECONDS, bootFailure, openLab } from "../lab-note.ts";

test("a server name that DNS does not know: who was asked, and a shell to look around", async () => {
  await using lab = await openLab({ name: "unknown-server-name" });
  const n01 = lab.boot("n01", { XCAT: "nosuch:3001", "statelite.query_timeout": "5" });
  expect(await bootFailure(n01, BOOT_SECONDS)).toEqual({
    doing: "ask for litefile and litetree",
    on: "nosuch:3001",
    found: expect.stringMatching(
      /^the name nosuch cannot be looked up: .*10\.0\.0\.1: no such name \(NXDOMAIN\)/,
    ),
    remedy: expect.stringContaining("see that the name servers of the DHCP answer know nosuch"),
    policy: "shell: a shell on this console",
  });
  await n01.console.waitForPrompt(/^statelite# /, 30);
  n01.console.type("echo $((6 * 7)) answers; cat /run/statelite.log | tail -n 1\n");
  await n01.console.waitFor(/^42 answers/, 30);
  n01.console.type("statelite-agent explain /etc/motd --report /run/statelite.json\n");
  await n01.console.waitFor(
    /it has no entries: the boot ended before there was a plan; mend what ended it/,
    30,
  );
  n01.console.type("exit\n");
  await n01.console.waitFor(/reboot: Restarting system/, 30);
});
