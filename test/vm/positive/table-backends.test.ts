import { expect, test } from "bun:test";
import { backEndKinds } from "../../../qemu/back-ends.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

for (const backEnd of backEndKinds)
  test(`a node boots from tables in ${backEnd}, and its status gets there`, async () => {
    await using lab = await openLab({ name: `back-end-${backEnd}`, backEnd });
    const n01 = lab.boot("n01");
    const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
    expect(agent.problems).toEqual([]);
    const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
    expect(guest.multiUser.trim()).toBe("active");
    expect(guest.contents["/etc/motd"]).toBe("This is n01.\nWelcome to the cluster.\n");
    expect(guest.statesSeen.trim()).toBe("n01");
    const log = lab.service("stub").output();
    expect(log).toContain("10.0.0.11 (n01): litefile: ");
    expect(log).toContain("monitor: n01: booting");
    expect(log).not.toContain("not recorded");
  });
