import { expect, test } from "bun:test";
import { BOOT_SECONDS, bootFailure, openLab, POWER_OFF } from "../lab-note.ts";

test("a server that nobody is: asked until its deadline, then address, cable and firewall", async () => {
  await using lab = await openLab({ name: "unreachable-server" });
  const n01 = lab.boot("n01", { XCAT: "10.0.0.99:3001", "statelite.query_timeout": "10", ...POWER_OFF });
  expect(await bootFailure(n01, BOOT_SECONDS)).toEqual({
    doing: "ask for litefile and litetree",
    on: "10.0.0.99:3001",
    found: expect.stringMatching(/^no connection.*\(asked \d+ times? in \d+\.\d s\)$/),
    remedy: expect.stringContaining("check address, cable, VLAN and firewall between node and server"),
    policy: "poweroff in 1 s",
  });
  await n01.exited(30);
});

test("a server that does not listen: the service is named as what to look at", async () => {
  await using lab = await openLab({ name: "stopped-server" });
  await lab.service("stub").stop();
  const n01 = lab.boot("n01", { "statelite.query_timeout": "5", ...POWER_OFF });
  const { on, found, remedy } = await bootFailure(n01, BOOT_SECONDS);
  expect({ on, found, remedy }).toEqual({
    on: "10.0.0.1:3001",
    found: expect.stringMatching(/^no connection/),
    remedy: expect.stringContaining("see that xcatd runs there"),
  });
  await n01.exited(30);
});
