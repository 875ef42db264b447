import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { everyOption, PLANNING } from "./every-option.ts";
import { golden } from "./golden.ts";
import { makeSite } from "./site.ts";

describe("explain", () => {
  test.each([
    ["an entry", "/etc/motd", 0],
    ["a path inside a directory entry", "/var/log/messages", 0],
    ["a directory with entries below it", "/var", 0],
    ["an entry that cannot be placed", "/etc/nowhere", 1],
    ["a path that no row covers", "/usr/bin/true", 1],
    ["a path that a link of the image leads out of an entry", "/var/run/lock", 1],
    ["a path inside an entry that cannot be placed", "/etc/nowhere/below", 1],
    ["a row that goes before two others", "/etc/a.conf", 0],
    ["the row that is always there", "/etc/mtab", 0],
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

  test("the report of a boot that never had a plan says what ended it", () => {
    using site = makeSite(everyOption);
    const problem = {
      class: "fatal",
      code: "x",
      doing: "mount the image",
      on: "mn:/i",
      found: "no",
      remedy: "do",
    };
    const report = { schema: 1, sources: [], entries: [], ops: [], problems: [problem] };
    writeFileSync(join(site.path, "report.json"), JSON.stringify(report));
    const { status, err } = site.agent("explain", "/etc/motd", "--report", "report.json");
    expect(err).toContain(
      "the boot ended before there was a plan; mend what ended it: mount the image: mn:/i: no",
    );
    expect(status).toBe(1);
  });

  test("where there is no report it says what to do instead", () => {
    using site = makeSite(everyOption);
    const { status, err } = site.agent("explain", "/etc/motd", "--report", "gone.json");
    expect(err).toContain("gone.json: ENOENT");
    expect(err).toContain("plan from tables with --tables and --root");
    expect(status).toBe(1);
  });
});
