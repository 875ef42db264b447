import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { planSchema, type Report, reportSchema } from "../../agent/report/schema.ts";
import { everyOption, PLANNING } from "../agent/commands/every-option.ts";
import { makeSite, type Site } from "../agent/commands/site.ts";
import { http } from "../server-stub/support/http.ts";
import { logs, startServer, type TestServer } from "../server-stub/support/server.ts";
import { mustHaveOwnMounts } from "./node.ts";

/** The whole program, from the query of a real server to the verification. */

const TREES = [...PLANNING.slice(PLANNING.indexOf("--source")), "--localdisk", "disk"];

/** Lets `apply` prepare the site's image, mounted read-only at `root`, and looks at what it leaves. */
async function apply<T>(
  site: Site,
  look: (report: Report, status: number, server: TestServer) => T,
  protocol: "xcatd" | "json" = "xcatd",
  mounted: () => void = () => undefined,
): Promise<Awaited<T>> {
  mustHaveOwnMounts();
  const root = join(site.path, "root");
  mkdirSync(root);
  mount(join(site.path, "image"), root, "", MS.BIND, "");
  mount("", root, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
  mounted();
  const more = ["--http", "127.0.0.1:0", "--reports", join(site.path, "reports")];
  const server = await startServer(join(site.path, "tables"), { "127.0.0.1": "n01" }, ...more);
  try {
    const at = protocol === "json" ? `https://127.0.0.1:${server.httpPort}/` : `127.0.0.1:${server.port}`;
    const cmdline = `XCAT=${at} XCATIPORT=${server.monitorPort} NODE=n01 statelite.tls=insecure`;
    const { status } = site.agent("apply", "--root", "root", ...TREES, "--cmdline", cmdline);
    const text = readFileSync(join(root, ".statelite/report.json"), "utf8");
    return await look(reportSchema.parse(JSON.parse(text)), status, server);
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
  test.each(["xcatd", "json"] as const)("does what plan has shown, told by %s", async (protocol) => {
    using site = makeEveryOption();
    const planning = [...PLANNING.slice(0, PLANNING.indexOf("--source")), ...TREES];
    const plan = planSchema.parse(JSON.parse(site.agent("plan", ...planning, "--json").out));
    const look = (report: Report, status: number): Report => {
      expect(status).toBe(0);
      return report;
    };
    const report = await apply(site, look, protocol);
    // What is not ASCII comes from xcatd, and so in a plan, as a question mark, and by JSON as it is.
    const plain = (path: string) => !/[^ -~]|\?/.test(path);
    const entries = plan.entries.map(({ origin: _, ...entry }) => entry);
    const same = ({ path }: { readonly path: string }) => protocol === "xcatd" || plain(path);
    expect(report.entries.filter(same)).toEqual(entries.filter(same));
    const byRow = (ops: readonly Pick<Report["ops"][number], "op" | "row">[]) =>
      ops
        .filter(({ row }) => same(row))
        .map(({ op }) => (protocol === "xcatd" ? op : op.replace(/overlay\/\d+/, "overlay/N")))
        .sort();
    expect(byRow(report.ops)).toEqual(byRow(plan.ops));
    const rowProblems = (problems: Report["problems"]) => problems.filter(({ row }) => row && same(row));
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

  test("the install monitor is told how far it is", async () => {
    using site = makeEveryOption();
    await apply(site, async (_, status, server) => {
      expect(status).toBe(0);
      expect(await logs(server, "monitor: n01: booting")).toBe(true);
      expect([...server.log().matchAll(/monitor: n01: (\w+)\n/g)].map(([, word]) => word)).toEqual([
        "netbooting",
        "booting",
      ]);
    });
  });

  test("the server gets the report, where it speaks JSON", async () => {
    using site = makeEveryOption();
    const kept = async (report: Report, _status: number, server: TestServer) => {
      const answer = await http(server, "/v1/nodes/n01/report");
      expect(reportSchema.parse(JSON.parse(answer.body))).toEqual(report);
    };
    await apply(site, kept, "json");
  });

  test("leaves a report of what nobody foresaw", async () => {
    using site = makeEveryOption();
    // Whoever mounted the root has a tmpfs there already, with a directory in the place of the log.
    const volatile = join(site.path, "root/.statelite");
    const spoil = () => {
      mount("volatile", volatile, "tmpfs", 0, "");
      mkdirSync(join(volatile, "statelite.log"));
    };
    const seen = await apply(site, (report, status) => ({ report, status }), "xcatd", spoil);
    expect(seen).toMatchObject({
      status: 1,
      report: { ok: false, problems: [{ code: "unforeseen", found: expect.stringContaining("EISDIR") }] },
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
