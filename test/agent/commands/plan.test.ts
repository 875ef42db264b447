import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { planSchema } from "../../../agent/report/schema.ts";
import { startServer, type TestServer } from "../../server-stub/support/server.ts";
import { everyOption, PLANNING, sound } from "./every-option.ts";
import { golden } from "./golden.ts";
import { makeSite, type Site } from "./site.ts";

const WITHOUT_TREES = ["--root", "image", "--tables", "tables", "--node", "n01"] as const;

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
    using site = makeSite(sound);
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toStartWith("n01, compute: 2 entries, 3 ops, 0 problems\n");
    expect(status).toBe(0);
  });

  test("notes are no problems", () => {
    using site = makeSite(sound);
    site.table("litefile", [...sound.tables.litefile, '"","/etc/dropped","tmpfs",,']);
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toStartWith("n01, compute: 2 entries, 3 ops, 0 problems, 1 note\n");
    expect(out).toContain("note: read the tables: litefile.csv line 3: no image is named");
    expect(status).toBe(0);
  });

  test.each([
    [
      "a row that liteimg has not seen yet",
      ["etc/new"],
      "run liteimg for the image again, which has a file there and no copy of it in /.default",
    ],
    [
      "a row for nothing",
      [],
      "put it into the image and run liteimg again, put it into a litetree source, or",
    ],
  ] as const)("%s has a remedy that fits", (_, files, remedy) => {
    using site = makeSite(sound);
    for (const file of files) writeFileSync(join(site.path, "image", file), "");
    site.table("litefile", [...sound.tables.litefile, '"ALL","/etc/new","persistent",,']);
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toContain(
      `"persistent" /etc/new: has no content (source 1 (mn:/nodes/n01), source 2 (mn:/common), default: not there); ${remedy}`,
    );
    expect(status).toBe(1);
  });

  test("an option that liteimg has not seen yet: its links lead nowhere on a node", () => {
    const rows = (...options: readonly string[]) => [
      "#image,file,options,comments,disable",
      ...["/etc/a.conf", "/etc/d/", "/etc/e/"].map((file, n) => `"ALL","${file}","${options[n]}",,`),
    ];
    const image = { "etc/a.conf": "a", "etc/d/x": "x", "etc/e/y": "y" };
    using site = makeSite({
      ...sound,
      image,
      tables: { ...sound.tables, litefile: rows("link", "link", "link") },
    });
    site.table("litefile", [...rows("tmpfs", "persistent", "ro").slice(0, -1), '"ALL","/etc/e/y","ro",,']);
    const { status, out } = site.agent("plan", ...PLANNING);
    for (const path of ["/etc/a.conf", "/etc/d/", "/etc/e/y"])
      expect(out).toMatch(
        new RegExp(`${path}: the image has nothing there to mount on.*; run liteimg for this image`),
      );
    expect(status).toBe(1);
  });

  test("a link of the image that leads on by one of liteimg's leads nowhere on a node", () => {
    const row = (options: string, file: string) => `"ALL","${file}","${options}",,`;
    const litefile = ["#image,file,options,comments,disable", row("link", "/var/"), row("tmpfs", "/etc/a/")];
    using site = makeSite({
      tables: { ...sound.tables, litefile },
      image: { "etc/a": { link: "/var/a" }, "var/a/x": "x" },
      trees: { own: {}, common: {}, state: {} },
    });
    const { status, out } = site.agent("plan", ...PLANNING);
    expect(out).toContain("/etc/a/: the image has nothing there to mount on: /etc/a is a symlink to /var/a,");
    expect(status).toBe(1);
  });

  test("of rows that were taken out since liteimg was run, what is left in the image is a note", () => {
    const rows = ["/etc/a.conf", "/etc/d/", "/srv/e/", "/srv/e/f/"].map((file) => `"ALL","${file}","link",,`);
    const [head = ""] = sound.tables.litefile;
    using site = makeSite({
      ...sound,
      image: { "etc/a.conf": "a", "etc/d/x": "x", "srv/e/f/y": "y" },
      tables: { ...sound.tables, litefile: [head, ...rows] },
    });
    const notes = () => {
      const { status, out } = site.agent("plan", ...PLANNING, "--json");
      const { problems } = planSchema.parse(JSON.parse(out));
      return { status, notes: problems.map(({ class: of, code, on }) => `${of} ${code} ${on}`) };
    };
    expect(notes()).toEqual({ status: 0, notes: [] });
    site.table("litefile", [head, ...rows.slice(0, 1)]);
    expect(notes()).toEqual({ status: 0, notes: ["note target-left /etc/d", "note target-left /srv/e"] });
    const { status, out } = site.agent("explain", "/etc/d/x", ...PLANNING);
    expect(out).toContain("no litefile row covers it any more: on the node there is nothing");
    expect(out).toContain("note: look at the image: /etc/d: a symlink that liteimg made");
    expect(status).toBe(1);
  });

  test("an image that liteimg has never seen is no node's", () => {
    using site = makeSite(sound);
    mkdirSync(join(site.path, "plain"));
    const { status, out } = site.agent("plan", "--root", "plain", ...PLANNING.slice(2));
    expect(out).toContain(
      "problem: mount the tmpfs for volatile files: /.statelite in the image: the image has no",
    );
    expect(out).toContain("; run liteimg for this image");
    expect(status).toBe(1);
  });

  test("a source that nothing stands in for is a problem: the node will see it", () => {
    using site = makeSite(sound);
    const { status, out } = site.agent("plan", ...WITHOUT_TREES);
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

  test("what a terminal would obey is shown, wherever it comes from", () => {
    using site = makeSite(everyOption);
    rmSync(join(site.path, "own/etc/a.conf"));
    symlinkSync("\x1b[2J\x9b\r", join(site.path, "own/etc/a.conf"));
    const { out } = site.agent("plan", ...PLANNING);
    expect(out).toContain("a symlink to \\x1b[2J\\x9b\\x0d, which leads nowhere");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    expect(out).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  });

  test("a file that is no table is named once, however long it is", () => {
    using site = makeSite(everyOption);
    site.table("litetree", ["#priority,image,directory", ...Array.from({ length: 500 }, () => '"open')]);
    const { out } = site.agent("plan", ...PLANNING);
    expect(out).toContain("tables/litetree.csv: 480 more rows like these");
    expect(out.match(/litetree\.csv line/g)).toHaveLength(20);
  });

  test("a table that nobody would ever finish writing is not waited for", () => {
    using site = makeSite(everyOption);
    rmSync(join(site.path, "tables/litetree.csv"));
    Bun.spawnSync(["mkfifo", join(site.path, "tables/litetree.csv")]);
    const { out } = site.agent("plan", ...PLANNING);
    expect(out).toContain("tables/litetree.csv: no regular file");
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

  test("a folder in place of a server is looked at for all that is below it, the node's state included", () => {
    using site = makeSite(sound);
    const places = { own: "server/nodes/n01", common: "server/common", state: "server/state/n01" };
    for (const [from, to] of Object.entries(places)) {
      mkdirSync(dirname(join(site.path, to)), { recursive: true });
      renameSync(join(site.path, from), join(site.path, to));
    }
    site.table("litefile", [...sound.tables.litefile, '"ALL","/etc/machine-id","persistent",,']);
    const { status, out } = site.agent("plan", ...WITHOUT_TREES, "--source", "mn:/=server");
    expect(out).toMatch(/^1 +mn:\/nodes\/n01 +litetree.csv line 2 +server\/nodes\/n01$/m);
    expect(out).toMatch(/^\/etc\/a\.conf +tmpfs +bind mount +source 1 \(mn:\/nodes\/n01\)$/m);
    expect(out).toMatch(/^\/etc\/machine-id +persistent +bind mount +state$/m);
    expect(status).toBe(0);
  });

  test("of two folders the one for the nearer directory is looked at", () => {
    using site = makeSite(sound);
    mkdirSync(join(site.path, "server/common"), { recursive: true });
    const trees = [
      "--source",
      "mn:/=server",
      "--source",
      "mn:/nodes=server",
      "--source",
      "mn:/nodes/n01=own",
    ];
    const { out } = site.agent("plan", ...WITHOUT_TREES, ...trees);
    expect(out).toMatch(/^1 +mn:\/nodes\/n01 .* own$/m);
    expect(out).toMatch(/^2 +mn:\/common .* server\/common$/m);
  });

  test.each([
    ["a source", "problem: look at a litetree source: mn:/nodes/n01: server/nodes/n01: ENOENT"],
    ["the state", "problem: look at the node's state: mn:/state: server/state: ENOENT"],
  ])("%s that is not on the server is a problem", (_, said) => {
    using site = makeSite(sound);
    mkdirSync(join(site.path, "server"));
    const { status, out } = site.agent("plan", ...WITHOUT_TREES, "--source", "mn:/=server");
    expect(out).toContain(said);
    expect(status).toBe(1);
  });

  test("state that nobody showed is said: the plan is that of a first boot", () => {
    using site = makeSite(everyOption);
    const { out } = site.agent("plan", ...WITHOUT_TREES);
    expect(out).toContain("note: look at the node's state: mn:/state/n01: nothing stands in for it");
    expect(out).toMatch(/^\/etc\/machine-id +persistent +bind mount +default$/m);
  });

  test.each<[string, (site: Site) => readonly string[]]>([
    ["the image's addkcmdline", (site) => addKernelParameter(site, "linuximage", "imagename", "compute")],
    ["the node's addkcmdline", (site) => addKernelParameter(site, "bootparams", "node", "n01")],
    ["--cmdline", () => ["--cmdline", "quiet statelite.tmpfs=overlay"]],
  ])("settings of the kernel command line count, from %s", (_, arrange) => {
    using site = makeSite({ ...everyOption, late: [] });
    expect(site.agent("plan", ...PLANNING).out).toMatch(/^\/var +tmpfs +bind mount /m);
    const more = arrange(site);
    expect(site.agent("plan", ...PLANNING, ...more).out).toMatch(/^\/var +tmpfs +overlay mount /m);
  });

  test("what the tables make of the kernel command line is checked as the node would", () => {
    using site = makeSite(sound);
    site.table("statelite", ["#node,image,statemnt", 'n01,,"127.0.0.1:18446744073709551615"']);
    const { status, err } = site.agent("plan", ...PLANNING);
    expect(err).toContain(
      "STATEMNT=127.0.0.1:18446744073709551615: a number stands where the directory should be",
    );
    expect(status).toBe(1);
  });

  test("a table that is not in the folder is said, an image that is in none as well", () => {
    using site = makeSite(sound);
    rmSync(join(site.path, "tables/litetree.csv"));
    const { out } = site.agent("plan", ...PLANNING, "--image", "compuet");
    expect(out).toContain("note: read the tables: tables/litetree.csv: no such file");
    expect(out).toContain("compuet: the osimage table has no image of this name");
  });

  test.each<[string, (server: TestServer) => string]>([
    ["xcatd's protocol", ({ port }) => `XCAT=127.0.0.1:${port} STATEMNT=mn:/state`],
    ["JSON, which says where the state is", ({ httpPort }) => `XCAT=https://127.0.0.1:${httpPort}`],
  ])("from the server, as the node that this is, it says the same: by %s", async (_, servers) => {
    using site = makeSite(sound);
    site.table("policy", ["#priority,commands,rule", '"1","litefile","allow"', '"2","litetree","allow"']);
    const http = ["--http", "127.0.0.1:0"];
    const server = await startServer(join(site.path, "tables"), { "127.0.0.1": "n01" }, ...http);
    try {
      const cmdline = `${servers(server)} NODE=n01 statelite.tls=insecure`;
      const [, , , , , , ...trees] = PLANNING;
      const asked = site.agent("plan", "--root", "image", ...trees, "--cmdline", cmdline, "--json");
      const planned = site.agent("plan", ...PLANNING, "--json");
      const { entries, ops, problems } = planSchema.parse(JSON.parse(asked.out));
      const fromFiles = planSchema.parse(JSON.parse(planned.out));
      const withoutPlace = fromFiles.entries.map(({ origin: _origin, ...entry }) => entry);
      expect({ entries, ops, problems }).toEqual({
        ...{ entries: withoutPlace, ops: fromFiles.ops, problems: fromFiles.problems },
      });
    } finally {
      await server.stop();
    }
  });

  test.each([
    ["no root", ["plan", "--tables", "tables", "--node", "n01"], "--root is missing"],
    ["no node", ["plan", "--root", "image", "--tables", "tables"], "--node is missing"],
    ["no tables", ["plan", "--root", "image", "--node", "n01"], "--tables is missing"],
    ["tables and the CA of a server", ["plan", ...PLANNING, "--ca", "ca.pem"], "do not go together"],
    ["a source without its folder", ["plan", ...PLANNING, "--source", "mn:/x"], "SERVER:/DIR=LOCALDIR"],
    ["a word too many", ["plan", ...PLANNING, "n01"], "n01 is not understood"],
    ["a relative path to explain", ["explain", "etc/motd", ...PLANNING], "an absolute path was wanted"],
    ["a path that leads up", ["explain", "/var/../etc/motd", ...PLANNING], "a path without it was wanted"],
    ["nothing to explain", ["explain", ...PLANNING], "the path to explain is missing"],
    ["trees without tables", ["explain", "/etc/motd", "--state", "state"], "--state needs --tables"],
  ])("usage: %s gives exit status 2", (_, words, said) => {
    using site = makeSite(everyOption);
    const { status, err } = site.agent(...words);
    expect(err).toContain(said);
    expect(status).toBe(2);
  });
});

/** @returns no further arguments */
function addKernelParameter(site: Site, table: string, key: string, of: string): readonly string[] {
  site.table(table, [`#${key},addkcmdline,partitionfile`, `"${of}","quiet statelite.tmpfs=overlay","/x"`]);
  return [];
}
