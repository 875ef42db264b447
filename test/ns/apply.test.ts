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

/** Lets `apply` prepare the site's image, mounted read-only at `root`, and looks at what it leaves. */
async function apply<T>(site: Site, look: (report: Report, status: number) => T): Promise<T> {
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
    return look(reportSchema.parse(JSON.parse(text)), status);
  } finally {
    await server.stop();
    umount(root, MNT_DETACH);
  }
}

const MORE = { ".sllocal/localmnt": null, lib: { link: "usr/lib" } } as const;

function makeEveryOption(): Site {
  const site = makeSite({ ...everyOption, image: { ...everyOption.image, ...MORE } });
  site.table("policy", ["#priority,commands,rule", '"1","litefile","allow"', '"2","litetree","allow"']);
  mkdirSync(join(site.path, "disk"));
  return site;
}

describe("apply", () => {
  test("does what plan has shown", async () => {
    using site = makeEveryOption();
    const planning = [...PLANNING.slice(0, PLANNING.indexOf("--source")), ...TREES];
    const plan = planSchema.parse(JSON.parse(site.agent("plan", ...planning, "--json").out));
    const report = await apply(site, (report, status) => {
      expect(status).toBe(0);
      return report;
    });
    expect(report.entries).toEqual(plan.entries.map(({ origin: _, ...entry }) => entry));
    const byRow = (ops: readonly { readonly op: string }[]) => ops.map(({ op }) => op).sort();
    expect(byRow(report.ops)).toEqual(byRow(plan.ops));
    const rowProblems = (problems: Report["problems"]) => problems.filter(({ row }) => row !== undefined);
    expect(rowProblems(report.problems)).toEqual(rowProblems(plan.problems));
  });

  test("its report has all that section 9 names", async () => {
    using site = makeEveryOption();
    const report = await apply(site, (report) => report);
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

  test.each([
    ["an entry", "/etc/motd", 0, ['its row     "con" /etc/motd\n', "lies at     /.statelite/tmpfs/etc/motd"]],
    ["what lies inside one", "/var/log/messages", 0, ['lies inside "tmpfs" /var\n']],
    [
      "a path that the image leads elsewhere",
      "/lib/x",
      1,
      ["leads to    /usr/lib/x", "no litefile row covers it"],
    ],
    ["what went wrong", "/etc/nowhere", 1, ["not at all", 'problem: litefile: "tmpfs" /etc/nowhere']],
  ])("explain tells of its root %s", async (_, path, status, said) => {
    using site = makeEveryOption();
    const explained = await apply(site, () => site.agent("explain", path, "--root", "root"));
    for (const text of said) expect(explained.out).toContain(text);
    expect(explained.status).toBe(status);
  });
});
