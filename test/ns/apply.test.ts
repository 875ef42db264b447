import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { planSchema, type Report, reportSchema } from "../../agent/report/schema.ts";
import { everyOption, PLANNING } from "../agent/commands/every-option.ts";
import { makeSite, type Site } from "../agent/commands/site.ts";
import { startServer } from "../server-stub/support/server.ts";
import { mustHaveOwnMounts } from "./node.ts";

/** The whole program, from the query of a real server to the verification. */

const TREES = [...PLANNING.slice(PLANNING.indexOf("--source")), "--localdisk", "disk"];

/** What `apply` of the site's image leaves, on a root that is mounted read-only. */
async function apply(site: Site): Promise<{ readonly status: number; readonly report: Report }> {
  mustHaveOwnMounts();
  const root = join(site.path, "root");
  mkdirSync(root);
  mount(join(site.path, "image"), root, "", MS.BIND, "");
  mount("", root, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  const server = await startServer(join(site.path, "tables"), { "127.0.0.1": "n01" });
  try {
    const cmdline = `XCAT=127.0.0.1:${server.port} NODE=n01 statelite.tls=insecure`;
    const { status } = site.agent("apply", "--root", "root", ...TREES, "--cmdline", cmdline);
    const text = readFileSync(join(root, ".statelite/report.json"), "utf8");
    return { status, report: reportSchema.parse(JSON.parse(text)) };
  } finally {
    await server.stop();
    umount(root, MNT_DETACH);
  }
}

function makeEveryOption(): Site {
  const site = makeSite({ ...everyOption, image: { ...everyOption.image, ".sllocal/localmnt": null } });
  site.table("policy", ["#priority,commands,rule", '"1","litefile","allow"', '"2","litetree","allow"']);
  mkdirSync(join(site.path, "disk"));
  return site;
}

describe("apply", () => {
  test("does what plan has shown", async () => {
    using site = makeEveryOption();
    const planning = [...PLANNING.slice(0, PLANNING.indexOf("--source")), ...TREES];
    const plan = planSchema.parse(JSON.parse(site.agent("plan", ...planning, "--json").out));
    const { status, report } = await apply(site);
    expect(status).toBe(0);
    expect(report.entries).toEqual(plan.entries.map(({ origin: _, ...entry }) => entry));
    const byRow = (ops: readonly { readonly op: string }[]) => ops.map(({ op }) => op).sort();
    expect(byRow(report.ops)).toEqual(byRow(plan.ops));
    const rowProblems = (problems: Report["problems"]) => problems.filter(({ row }) => row !== undefined);
    expect(rowProblems(report.problems)).toEqual(rowProblems(plan.problems));
  });

  test("its report has all that section 9 names", async () => {
    using site = makeEveryOption();
    const { report } = await apply(site);
    expect(report).toMatchObject({ schema: 1, node: "n01", ok: true });
    expect(report.agent).toMatch(/^\d+\.\d+\.\d+$/);
    expect(report.image).toEndWith("/root");
    expect(report.phases.map(({ name }) => name)).toEqual(["query-server", "plan", "apply", "verify"]);
    const times = report.phases.flatMap(({ start, end }) => [start, end ?? Number.NaN]);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const copied = report.ops.find(({ op }) => op.startsWith("copy") && op.includes("/etc/a.conf"));
    expect(copied).toMatchObject({
      ...{ row: { options: "tmpfs", path: "/etc/a.conf" }, winners: ["source 1 (mn:/nodes/n01)"] },
      ...{ bytes: 5, files: 1, milliseconds: expect.any(Number) },
    });
    expect(report.problems.map(({ code }) => code)).toContain("unresolved");
    expect(report.totals).toMatchObject({
      ...{ entries: report.entries.length, ops: report.ops.length, problems: report.problems.length },
      bytes: report.ops.reduce((sum, { bytes }) => sum + bytes, 0),
      files: report.ops.reduce((sum, { files }) => sum + files, 0),
      peakMemory: expect.any(Number),
    });
  });
});
