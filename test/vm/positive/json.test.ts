import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Report, reportSchema } from "../../../agent/report/schema.ts";
import type { Lab } from "../../../qemu/lab.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab, POWER_OFF } from "../lab-note.ts";

const JSON_SERVER = { XCAT: "https://10.0.0.1/" };

/** The reports that the server keeps of n01. */
function reportsAt(lab: Lab): readonly Report[] {
  const folder = join(lab.directory, "reports", "n01");
  return readdirSync(folder).map((name) =>
    reportSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))),
  );
}

test("a node boots by JSON: told all at once, where its state is among it, and the server has its report", async () => {
  await using lab = await openLab({ name: "json" });
  const n01 = lab.boot("n01", { ...JSON_SERVER, STATEMNT: undefined, MNTOPTS: undefined });
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.multiUser.trim()).toBe("active");
  expect(guest.failedUnits).toBe("");
  expect(guest.contents["/etc/motd"]).toBe("This is n01.\nWelcome to the cluster.\n");
  expect(guest.statesSeen.trim()).toBe("n01");
  expect(guest.stateliteLog).toContain("https://10.0.0.1/v1/nodes/n01/boot (10.0.0.1) answered for n01");
  expect(guest.stateliteLog).toContain("the report went to https://10.0.0.1/");
  expect(reportsAt(lab)).toEqual([agent]);
});

test("a boot that fails leaves its report at the server before the machine goes down", async () => {
  await using lab = await openLab({ name: "json-failure" });
  const wrong = { NFSROOT: "10.0.0.1:/install/nowhere", "statelite.mount_timeout": "5" };
  const n01 = lab.boot("n01", { ...JSON_SERVER, ...wrong, ...POWER_OFF });
  await n01.exited(BOOT_SECONDS);
  const [report, ...more] = reportsAt(lab);
  expect(more).toEqual([]);
  expect(report).toMatchObject({
    ok: false,
    node: "n01",
    problems: [{ class: "fatal", code: "image-mount" }],
  });
});
