import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planSchema } from "../../../agent/report/schema.ts";
import { everyOption, PLANNING } from "./every-option.ts";
import { makeSite, type Site } from "./site.ts";

const golden = (name: string) => readFileSync(join(import.meta.dirname, "golden", name), "utf8");

/** Every path of the site with its content, to see that nothing was written. */
function listing({ path }: Site): string {
  const find = Bun.spawnSync(["find", path, "-printf", "%p %y %s %T@ %C@\n"]);
  return find.stdout.toString();
}

describe("plan", () => {
  test("shows every entry, its candidates in order, its winner, its ops and all problems", () => {
    using site = makeSite(everyOption);
    const before = listing(site);
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toBe(golden("plan.txt"));
    expect(status).toBe(1);
    expect(listing(site)).toBe(before);
  });

  test("says the same as JSON, by its schema", () => {
    using site = makeSite(everyOption);
    const document: unknown = JSON.parse(site.agent("plan", ...PLANNING, "--json").out);
    expect(planSchema.parse(document)).toEqual(JSON.parse(golden("plan.json")));
  });

  test("without any problem its exit status is 0", () => {
    using site = makeSite({ ...everyOption, late: [], tables: { ...everyOption.tables, ...sound } });
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toStartWith("n01, compute: 2 entries, 3 ops, 0 problems and notes\n");
    expect(status).toBe(0);
  });

  test("a source that nothing stands in for is a problem: the node will see it", () => {
    using site = makeSite({ ...everyOption, late: [], tables: { ...everyOption.tables, ...sound } });
    const { status, out } = site.agent("plan", "--root", "image", "--tables", "tables", "--node", "n01");
    expect(out).toContain("problem: look at a litetree source: mn:/common: no --source stands in for it");
    expect(status).toBe(1);
  });

  test("an image by name takes the place of the node's own", () => {
    using site = makeSite(everyOption);
    const { out } = site.agent("plan", ...PLANNING, "--image", "other");
    expect(out).toStartWith("n01, other: ");
    expect(out).toMatch(/^\/etc\/a\.conf +ro +bind mount /m);
  });

  test.each<[string, string, (site: Site) => void, string]>([
    ["a node that there is not", "n99", () => undefined, "n99: the nodelist table has no node of this name"],
    [
      "a node without an image",
      "n01",
      (site) => site.table("nodetype", ["#node,os,arch,profile,provmethod,comments,disable"]),
      "n01: the nodetype table gives it no os, arch and profile",
    ],
    [
      "a folder without tables",
      "n01",
      ({ path }) => {
        for (const name of readdirSync(join(path, "tables")))
          Bun.spawnSync(["rm", join(path, "tables", name)]);
      },
      "tables: there is no file *.csv in it",
    ],
  ])("%s is refused with what to do", (_, node, arrange, said) => {
    using site = makeSite(everyOption);
    arrange(site);
    const { status, out, err } = site.agent("plan", "--root", "image", "--tables", "tables", "--node", node);
    expect(err).toContain(said);
    expect([status, out]).toEqual([1, ""]);
  });

  test("a row that cannot be read is named, and does not take the others down", () => {
    using site = makeSite(everyOption);
    const lines = [...[...everyOption.tables.litefile, ...everyOption.late], '"ALL","/etc/open'];
    site.table("litefile", lines);
    const { out } = site.agent("plan", ...PLANNING);
    expect(out).toContain(
      `problem: read the tables: tables/litefile.csv line ${lines.length}: a quote is not closed`,
    );
    expect(out).toContain("/etc/fixed.conf");
  });

  test.each([
    ["no root", ["plan", "--tables", "tables", "--node", "n01"], "--root is missing"],
    ["no node", ["plan", "--root", "image", "--tables", "tables"], "--node is missing"],
    ["no tables", ["plan", "--root", "image", "--node", "n01"], "--tables is missing"],
    ["tables and a server", ["plan", ...PLANNING, "--cmdline", "XCAT=mn:3001"], "do not go together"],
    ["a source without its folder", ["plan", ...PLANNING, "--source", "mn:/x"], "SERVER:/DIR=LOCALDIR"],
    ["a word too many", ["plan", ...PLANNING, "n01"], "n01 is not understood"],
    ["a relative path to explain", ["explain", "etc/motd", ...PLANNING], "an absolute path was wanted"],
    ["nothing to explain", ["explain", ...PLANNING], "the path to explain is missing"],
    ["trees without tables", ["explain", "/etc/motd", "--root", "image"], "--root needs --tables"],
  ])("usage: %s gives exit status 2", (_, words, said) => {
    using site = makeSite(everyOption);
    const { status, err } = site.agent(...words);
    expect(err).toContain(said);
    expect(status).toBe(2);
  });
});

const sound = {
  litefile: ["#image,file,options,comments,disable", '"ALL","/etc/a.conf","tmpfs",,'],
  litetree: [
    "#priority,image,directory,mntopts,comments,disable",
    '"1",,"mn:/nodes/$node",,,',
    '"2",,"mn:/common",,,',
  ],
};

describe("plan --diff", () => {
  test("nothing has changed: exit status 0", () => {
    using site = makeSite(everyOption);
    writeFileSync(join(site.path, "old.json"), site.agent("plan", ...PLANNING, "--json").out);
    expect(site.agent("plan", ...PLANNING, "--diff", "old.json")).toMatchObject({
      status: 0,
      out: "nothing changes\n",
    });
  });

  test("what a change of tables and trees would change, and exit status 1", () => {
    using site = makeSite(everyOption);
    writeFileSync(join(site.path, "old.json"), site.agent("plan", ...PLANNING, "--json").out);
    site.table("litefile", [
      ...[...everyOption.tables.litefile, ...everyOption.late].filter((line) => !line.includes("machine-id")),
      '"compute","/etc/motd","ro",,',
      '"compute","/etc/added","persistent",,',
      '"compute","/var/log/","tmpfs",,',
    ]);
    writeFileSync(join(site.path, "own/etc/fixed.conf"), "n01's");
    const { status, out } = site.agent("plan", ...PLANNING, "--diff", "old.json");
    expect(out).toBe(golden("diff.txt"));
    expect(status).toBe(1);
    const json: unknown = JSON.parse(site.agent("plan", ...PLANNING, "--diff", "old.json", "--json").out);
    expect(json).toMatchObject({
      added: [{ path: "/etc/added" }, { path: "/var/log" }],
      removed: [{ path: "/etc/machine-id" }],
      newProblems: [{ row: { path: "/etc/added" } }],
    });
  });

  test.each([
    ["no JSON", "plan\n"],
    ["another kind of document", '{"entries":[]}'],
    ["an entry without a path", '{"schema":1,"ops":[],"problems":[],"entries":[{"options":"ro"}]}'],
  ])("%s is refused", (_, text) => {
    using site = makeSite(everyOption);
    writeFileSync(join(site.path, "old.json"), text);
    const { status, err } = site.agent("plan", ...PLANNING, "--diff", "old.json");
    expect(err).toStartWith("read an earlier plan: old.json: ");
    expect(status).toBe(1);
  });
});

describe("explain", () => {
  test.each([
    ["an entry", "/etc/motd", 0],
    ["a path inside a directory entry", "/var/log/messages", 0],
    ["a directory with entries below it", "/var", 0],
    ["an entry that cannot be placed", "/etc/nowhere", 1],
    ["a path that no row covers", "/usr/bin/true", 0],
    ["a row that could not be used", "/etc/dir/", 1],
  ])("%s", (_, path, status) => {
    using site = makeSite(everyOption);
    const explained = site.agent("explain", path, ...PLANNING);
    expect(explained.out).toBe(golden(`explain${path.replaceAll("/", "-").replace(/-$/, "")}.txt`));
    expect(explained.status).toBe(status);
  });

  test("from a report, and as JSON", () => {
    using site = makeSite(everyOption);
    writeFileSync(join(site.path, "report.json"), site.agent("plan", ...PLANNING, "--json").out);
    const { status, out } = site.agent("explain", "/etc//motd/", "--report", "report.json", "--json");
    expect(JSON.parse(out)).toMatchObject({
      path: "/etc/motd",
      covered: "entry",
      content: "/.statelite/tmpfs/etc/motd",
      entry: { options: "con", winners: ["source 1 (mn:/nodes/n01)", "source 2 (mn:/common)"] },
      problems: [],
    });
    expect(status).toBe(0);
  });

  test("where there is no report it says what to do instead", () => {
    using site = makeSite(everyOption);
    const { status, err } = site.agent("explain", "/etc/motd", "--report", "gone.json");
    expect(err).toContain("gone.json: ENOENT");
    expect(err).toContain("plan from tables with --tables and --root");
    expect(status).toBe(1);
  });
});
