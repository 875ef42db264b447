import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { everyOption, PLANNING, sound } from "./every-option.ts";
import { golden } from "./golden.ts";
import { makeSite, type Site } from "./site.ts";

function keepPlan(site: Site): void {
  writeFileSync(join(site.path, "old.json"), site.agent("plan", ...PLANNING, "--json").out);
}

describe("plan --diff", () => {
  test("nothing has changed: exit status 0", () => {
    using site = makeSite(everyOption);
    keepPlan(site);
    expect(site.agent("plan", ...PLANNING, "--diff", "old.json")).toMatchObject({
      status: 0,
      out: "nothing changes\n",
    });
  });

  test("what a change of tables and trees would change, and exit status 1", () => {
    using site = makeSite(everyOption);
    keepPlan(site);
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
    expect(status).toBe(2);
  });

  test("a plan that cannot be made is no difference", () => {
    using site = makeSite(sound);
    keepPlan(site);
    const { status, err } = site.agent("plan", ...PLANNING, "--diff", "old.json", "--node", "n02");
    expect(err).toContain("--node is given twice");
    expect(status).toBe(2);
    site.table("nodelist", ["#node,groups"]);
    expect(site.agent("plan", ...PLANNING, "--diff", "old.json").status).toBe(2);
  });

  test("a source put before the others changes nothing where it holds nothing", () => {
    using site = makeSite(sound);
    keepPlan(site);
    mkdirSync(join(site.path, "empty"));
    site.table("litetree", [...sound.tables.litetree, '"0",,"mn:/empty",,,']);
    const { status, out } = site.agent(
      "plan",
      ...PLANNING,
      "--source",
      "mn:/empty=empty",
      "--diff",
      "old.json",
    );
    expect([status, out]).toEqual([0, "nothing changes\n"]);
  });

  test("content that is edited where it lies", () => {
    using site = makeSite(sound);
    keepPlan(site);
    writeFileSync(join(site.path, "own/etc/a.conf"), "n01's, and longer");
    const { status, out } = site.agent("plan", ...PLANNING, "--diff", "old.json");
    expect(out).toBe("~ /etc/a.conf\n    found: file, 5 bytes -> file, 17 bytes\n");
    expect(status).toBe(1);
  });
});
