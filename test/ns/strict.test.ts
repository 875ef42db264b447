import { describe, expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { makeNode, type NodeSpec, problemLines } from "./node.ts";
import { writeTree } from "./trees.ts";

/** Semantics section 9: which problems end the boot, for each `statelite.strict`. */
interface Row {
  readonly rule: string;
  readonly spec: NodeSpec;
  /** Every problem, as `code path`. */
  readonly problems: readonly string[];
  /** Those of them that end the boot by default. With `strict=1` all of them do that are of a row, with 0 none. */
  readonly fatal: readonly string[];
  /** What is at /a where the boot does not end; the image's where it is not said. */
  readonly cat?: string;
}

const image = { a: "image\n", "d/x": "image\n" };
const good = "tmpfs /a";
const unresolved = (options: string) => ({
  litefile: [good],
  image,
  late: [`${options} /none`],
  state: {},
  localDisk: {},
});
const withoutTarget = (options: string): NodeSpec => ({
  litefile: [good, `${options} /d/x`],
  image,
  state: {},
  localDisk: {},
  spoil: (top) => rmSync(join(top, "d"), { recursive: true }),
});

const rows: readonly Row[] = [
  ...["tmpfs", "rw", "link", "tmpfs,rw", "con", "link,con"].map((options) => ({
    rule: `unresolved, "${options}": reported and skipped`,
    spec: unresolved(options),
    problems: ["unresolved /none"],
    fatal: [],
  })),
  ...["persistent", "link,persistent", "ro", "link,ro", "localdisk"].map((options) => ({
    rule: `unresolved, "${options}": going on would lose data or run with the wrong file`,
    spec: unresolved(options),
    problems: ["unresolved /none"],
    fatal: ["unresolved /none"],
  })),
  ...["tmpfs,required", "required,link", "con,required", "required"].map((options) => ({
    rule: `unresolved, "${options}": the row says that no node may be without it`,
    spec: unresolved(options),
    problems: ["unresolved /none"],
    fatal: ["unresolved /none"],
  })),
  ...["persistent,optional", "optional,ro", "localdisk,optional", "tmpfs,optional", "optional"].map(
    (options) => ({
      rule: `unresolved, "${options}": the row says that a node may be without it`,
      spec: unresolved(options),
      problems: ["unresolved /none"],
      fatal: [],
    }),
  ),
  {
    rule: "both words at once mean nothing",
    spec: { litefile: [good], image, late: ["tmpfs,required,optional /w"] },
    problems: ["litefile-options /w"],
    fatal: [],
  },
  ...["tmpfs", "con"].map((options) => ({
    rule: `target missing, "${options}": reported and skipped`,
    spec: withoutTarget(options),
    problems: ["target-missing /d/x"],
    fatal: [],
  })),
  ...["persistent", "ro", "localdisk"].map((options) => ({
    rule: `target missing, "${options}": fatal`,
    spec: withoutTarget(options),
    problems: ["target-missing /d/x"],
    fatal: ["target-missing /d/x"],
  })),
  {
    rule: "illegal pairs: by the option of the child",
    spec: { litefile: [good, "link /d/"], image, state: {}, late: ["tmpfs /d/x", "persistent /d/y"] },
    problems: ["litefile-nesting /d/x", "litefile-nesting /d/y"],
    fatal: ["litefile-nesting /d/y"],
  },
  {
    rule: "rows that make no sense: reported and skipped, unless they were to keep or to protect something",
    spec: { litefile: [good], image, late: ["wibble /w", "tmpfs relative", "ro /../x", "con /d/"] },
    problems: ["litefile-con /d/", "litefile-options /w", "litefile-path /../x", "litefile-path relative"],
    fatal: ["litefile-path /../x"],
  },
  {
    rule: "no persistent area, and no local disk",
    spec: { litefile: [good, "persistent /p", "localdisk /l"], image },
    problems: ["localdisk-none /l", "state-none /p"],
    fatal: ["localdisk-none /l", "state-none /p"],
  },
  {
    rule: "a copy that fails: reported and skipped",
    spec: {
      litefile: [good, "tmpfs /var/", "tmpfs /var/lib/x"],
      image: { ...image, "var/lib/x": "x\n" },
      sources: [{ "var/lib": { link: "/nowhere" }, "var/own": "own\n" }],
    },
    problems: ["op-copy /var/lib/x"],
    fatal: [],
  },
  {
    rule: "a seed that fails: fatal",
    spec: {
      litefile: [good, "persistent /d/"],
      image,
      state: {},
      arrange: ({ state }) => {
        mount(state, state, "", MS.BIND, "");
        mount("", state, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
      },
    },
    problems: ["op-seed /d/"],
    fatal: ["op-seed /d/"],
  },
  {
    rule: "what the verification finds: by the option of the row",
    spec: {
      // Seeded inside the state's own tree; the symlink that leads there means the node's.
      litefile: [good, "link,persistent /srv/p"],
      image: { ...image, "srv/p": "image\n" },
      state: { srv: { link: "/real" }, real: null },
    },
    problems: ["verify /srv/p", "verify /srv/p"],
    fatal: ["verify /srv/p", "verify /srv/p"],
  },
  {
    rule: "a copy that somebody has changed before it is verified",
    spec: {
      litefile: ["tmpfs /a", "con /d/x"],
      image,
      sources: [{ a: "one\n", "d/x": "one\n" }],
      meanwhile: ({ base }) => {
        for (const path of ["a", "d/x"]) writeFileSync(join(base, "root/.statelite/tmpfs", path), "wrong\n");
      },
    },
    problems: ["verify /a", "verify /d/x"],
    fatal: [],
    cat: "wrong",
  },
  {
    rule: "a source that cannot be mounted ends no boot where another candidate serves",
    spec: { litefile: [good, "ro /d/x"], image, litetree: [{ row: "mn:/gone" }] },
    problems: ["source-mount mn:/gone"],
    fatal: [],
  },
  {
    rule: "a source that cannot be mounted is a row problem of each entry that nothing else serves",
    spec: { litefile: [good], image, litetree: [{ row: "mn:/gone" }], late: ["ro /none", "tmpfs /nor/this"] },
    problems: ["source-mount mn:/gone", "unresolved /none", "unresolved /nor/this"],
    fatal: ["source-mount mn:/gone", "unresolved /none"],
  },
];

describe("strict", () => {
  for (const { rule, spec, problems, fatal, cat = "image" } of rows) {
    const isNeeded = (problem: string) => !problem.startsWith("source-") || fatal.includes(problem);
    const ofRows = problems.filter(isNeeded);
    for (const [settings, ends] of [
      ["", fatal],
      ["statelite.strict=1", ofRows],
      ["statelite.strict=0", []],
    ] as const) {
      test(`${settings || "by default"}: ${rule}`, async () => {
        await using node = await makeNode({ ...spec, settings });
        expect(problemLines(node.problems).sort()).toEqual([...problems]);
        expect(problemLines(node.ended).sort()).toEqual([...ends]);
        if (ends.length === 0) expect(node.shell("cat /a")).toBe(cat);
      });
    }
  }

  test("problems of the plan end the boot before anything is placed, all of them at once", async () => {
    const late = ["ro /none", "persistent /nor/this", "tmpfs /nor/that"];
    await using node = await makeNode({ litefile: [good], image, late, state: {}, settings: "" });
    expect(problemLines(node.ended).sort()).toEqual(["unresolved /none", "unresolved /nor/this"]);
    expect(problemLines(node.problems)).toHaveLength(3);
    expect(node.shell("cd /.statelite; ls -A tmpfs; ls -A persistent/n01")).toBe("");
  });

  test("a server's edit of what was copied already ends no boot, however strict it is", async () => {
    await using node = await makeNode({
      litefile: ["tmpfs /a", "con /d/x", "persistent /p"],
      image: { ...image, p: "" },
      sources: [{ a: "one\n", "d/x": "one\n", p: "one\n" }],
      state: {},
      meanwhile: ({ source }) => {
        writeFileSync(join(source(1), "a"), "two\n");
        writeTree(source(1), { new: "two\n" });
        renameSync(join(source(1), "new"), join(source(1), "d/x"));
        rmSync(join(source(1), "p"));
      },
      settings: "statelite.strict=1",
    });
    expect(problemLines(node.ended)).toEqual([]);
    expect(problemLines(node.problems)).toEqual([
      "source-changed /a",
      "source-changed /d/x",
      "source-changed /p",
    ]);
    expect(node.shell("cat /a /d/x /p")).toBe("one\none\none");
  });

  test.each([
    ["required", ":required", ["source-mount mn:/gone"]],
    ["required, among options for the kernel", ":vers=3,required", ["source-mount mn:/gone"]],
    ["optional", ":optional", []],
  ])("a source that cannot be mounted and says of itself: %s", async (_, words, ends) => {
    const litetree = [{ row: `mn:/gone ${words}` }];
    await using node = await makeNode({ litefile: [good], image, litetree, settings: "" });
    expect(problemLines(node.ended)).toEqual(ends);
    expect(node.problems[0]?.class).toBe(ends.length > 0 ? "fatal" : "note");
  });

  test("what is wrong on the local disk sends nobody to the server of the state", async () => {
    await using node = await makeNode({
      litefile: ["localdisk /d/", "localdisk /a"],
      image,
      localDisk: { d: "a file\n" },
      settings: "statelite.strict=0",
    });
    await using full = await makeNode({
      litefile: ["localdisk /d/"],
      image,
      localDisk: {},
      arrange: ({ base }) => {
        const disk = join(base, "disk");
        mount(disk, disk, "", MS.BIND, "");
        mount("", disk, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
      },
      settings: "",
    });
    umount(join(full.places.base, "disk"), MNT_DETACH);
    expect(problemLines(node.problems)).toEqual(["state-kind /d/"]);
    expect(node.problems[0]?.remedy).toStartWith("move it away on the node's local disk");
    expect(problemLines(full.ended)).toEqual(["op-seed /d/"]);
    expect(full.ended[0]?.remedy).toStartWith("the node's local disk is read-only");
  });

  test("an image without its place for volatile files ends the boot in any case", async () => {
    const spoil = (top: string) => rmSync(join(top, ".statelite"), { recursive: true });
    await using node = await makeNode({ litefile: [good], image, spoil, settings: "statelite.strict=0" });
    expect(problemLines(node.ended)).toEqual(["volatile /.statelite in the image"]);
  });
});
