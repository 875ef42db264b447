import { expect, test } from "bun:test";
import { bootTwice } from "../../../qemu/demo/boot-twice.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

const overlays = (mountinfo: string) => mountinfo.split("\n").filter((line) => line.includes(" - overlay "));

test("with overlays over NFS in place of copies, all that a node's tables promise holds", async () => {
  await using lab = await openLab({ name: "overlay" });
  const { boots, claims } = await bootTwice(lab, () => {}, { "statelite.tmpfs": "overlay" });
  expect(claims.filter((claim) => !claim.held)).toEqual([]);
  for (const { agent, guest } of boots) {
    expect(agent.problems).toEqual([]);
    const shown = agent.entries.filter(({ placement }) => placement === "overlay").map(({ path }) => path);
    expect(shown).toEqual(expect.arrayContaining(["/etc/ssh", "/srv/scratch", "/tmp", "/var"]));
    expect(overlays(guest.mountinfo).length).toBeGreaterThanOrEqual(shown.length);
  }
});

test("with overlays over NFS version 3 a node comes up", async () => {
  await using lab = await openLab({ name: "overlay-nfs3" });
  const n01 = lab.boot("n01", {
    NFSROOT: undefined,
    root: "nfs:10.0.0.1:/install/netboot/debian12/x86_64/compute/rootimg:ro,vers=3",
    "statelite.tmpfs": "overlay",
  });
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.failedUnits).toBe("");
  expect(guest.mountinfo).toMatch(/ \/\.statelite\/tmpfs\/var rw,.* - overlay \/\.default\/var /);
});
