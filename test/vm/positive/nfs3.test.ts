import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

test("a node boots by NFS version 3, image and state", async () => {
  await using lab = await openLab({ name: "nfs3" });
  // This server says "access denied" to version 3 for a directory that is not there: the state has to be old.
  mkdirSync(`${lab.state}/n01`);
  const n01 = lab.boot("n01", {
    NFSROOT: undefined,
    root: "nfs:10.0.0.1:/install/netboot/debian12/x86_64/compute/rootimg:ro,vers=3",
    MNTOPTS: "vers=3",
  });
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.failedUnits).toBe("");
  expect(guest.mountinfo).toMatch(/ \/ ro,.* - nfs 10\.0\.0\.1:\S+\/rootimg .*vers=3/);
  expect(guest.mountinfo).toMatch(
    / \/.statelite\/persistent\/n01 .* - nfs 10\.0\.0\.1:\/lite\/state\/n01 .*vers=3/,
  );
});
