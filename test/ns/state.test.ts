import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MS } from "../../agent/kernel/constants.ts";
import { mount } from "../../agent/kernel/mount.ts";
import { inventory } from "./inventory.ts";
import { makeNode, type NodeSpec, problemLines } from "./node.ts";
import { writeTree } from "./trees.ts";

/** What is kept between boots: seeded once, as a whole or not at all, and never touched again. */
interface Row {
  readonly rule: string;
  readonly spec: NodeSpec;
  readonly see: Readonly<Record<string, string>>;
  readonly problems?: readonly string[];
}

const image = { "etc/a": "image\n", "db/x": "image\n", "db/sub/y": "image\n" };
const state = "/.statelite/persistent/n01";
const readOnly = (directory: string) => {
  mount(directory, directory, "", MS.BIND, "");
  mount("", directory, "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
};

const rows: readonly Row[] = [
  {
    rule: "existing state is not overwritten, and nothing is added to it or taken away",
    spec: {
      litefile: ["persistent /etc/a", "persistent /db/"],
      image,
      sources: [{ "etc/a": "one\n", "db/x": "one\n", "db/new": "new\n" }],
      state: { "etc/a": { text: "kept\n", mode: 0o600, owner: [5, 6] }, "db/own": "own\n" },
    },
    see: {
      "cat /etc/a; stat -c '%a %u %g' /etc/a": "kept\n600 5 6",
      "ls -A /db; cat /db/own": "own\nown",
      [`cd ${state}; find . | sort`]: ".\n./db\n./db/own\n./etc\n./etc/a",
    },
  },
  {
    rule: "an empty file and an empty directory are state",
    spec: { litefile: ["persistent /etc/a", "persistent /db/"], image, state: { "etc/a": "", db: null } },
    see: { "cat /etc/a; ls -A /db": "" },
  },
  {
    rule: "a child that is not there yet is seeded into state that is",
    spec: {
      litefile: ["persistent /db/", "persistent /db/sub/"],
      image,
      sources: [{ "db/sub/y": "one\n" }],
      state: { "db/own": "own\n" },
    },
    see: { "cat /db/own /db/sub/y": "own\none", [`cat ${state}/db/sub/y`]: "one" },
  },
  {
    rule: "a directory that was made only for what lies below it is seeded around that, and keeps it",
    spec: {
      litefile: ["persistent /db/", "persistent /db/sub/deep/"],
      image: { ...image, "db/sub/deep/z": "image\n" },
      sources: [{ "db/own": "one\n", "db/sub/y": "one\n", "db/sub/deep/z": "one\n" }],
      state: {
        db: { mode: 0o750, owner: [3, 4] },
        "db/sub/deep/z": { text: "kept\n", mode: 0o600, owner: [5, 6] },
      },
    },
    see: {
      "cat /db/own /db/sub/y /db/sub/deep/z": "one\none\nkept",
      "stat -c '%n %a %u %g' /db /db/sub/deep/z": "/db 750 3 4\n/db/sub/deep/z 600 5 6",
      [`cd ${state}; find . -type f | sort`]:
        "./.statelite/seeds.json\n./.statelite/whole/db/.whole\n./db/own\n./db/sub/deep/z\n./db/sub/y",
    },
  },
  {
    rule: "a seed around what is kept that was cut off is finished, and replaces nothing",
    spec: {
      litefile: ["persistent /db/"],
      image,
      state: { "db/x": "kept\n", "db/.statelite-merge/x": "half\n", "db/.statelite-merge/sub/y": "half\n" },
    },
    see: {
      "cat /db/x /db/sub/y": "kept\nimage",
      [`cd ${state}; find . -not -path "./.statelite*" | sort`]: ".\n./db\n./db/sub\n./db/sub/y\n./db/x",
    },
  },
  {
    rule: "what is in the way of a seed around it stays, a file where a directory was to come and a directory for a file",
    spec: {
      litefile: ["persistent /db/"],
      image,
      state: { "db/sub": "a file\n", "db/x/kept": "kept\n", "db/.statelite-merge": null },
    },
    see: { "cat /db/sub /db/x/kept": "a file\nkept" },
  },
  {
    rule: "a directory below a link of the state is not seeded around: nothing goes where the link leads",
    spec: {
      litefile: ["persistent /db/", "persistent /db/sub/deep/"],
      image: { ...image, "db/sub/deep/z": "image\n" },
      state: { "db/sub": { link: "../other" }, "other/deep/z": "kept\n", "db/.statelite-merge": null },
    },
    see: { "cat /db/x": "image", [`find ${state}/other -type f`]: `${state}/other/deep/z` },
    problems: ["op-bind /db/sub/deep/"],
  },
  {
    rule: "a read-only state that cannot remember serves all the same",
    spec: {
      litefile: ["persistent /db/", "persistent /db/sub/"],
      image,
      state: { "db/x": "kept\n", "db/sub/y": "kept\n" },
      arrange: (places) => readOnly(places.state),
    },
    see: { "cat /db/x /db/sub/y": "kept\nkept", [`ls -A ${state}`]: "db" },
  },
  {
    rule: "directories made above a seed have the image's mode and owner",
    spec: {
      litefile: ["persistent /etc/app/a", "persistent /srv/b"],
      image: { "etc/app": { mode: 0o710, owner: [7, 8] }, "etc/app/a": "a\n", "srv/b": "b\n" },
      state: {},
    },
    see: {
      [`cd ${state}; stat -c '%n %a %u %g' etc etc/app srv`]: "etc 755 0 0\netc/app 710 7 8\nsrv 755 0 0",
    },
  },
  {
    rule: "what a cut seed has left is removed, and seeding begins again",
    spec: {
      litefile: ["persistent /etc/a", "persistent /db/"],
      image,
      state: {},
      arrange: (places) => {
        // The name is a hash of the entry's.
        for (const [directory, name] of [
          ["etc", "a"],
          ["", "db"],
        ] as const) {
          const hash = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 16);
          writeTree(join(places.state, directory, `.statelite-seed-${hash}`), { half: "half\n" });
        }
      },
    },
    see: { "cat /etc/a /db/x /db/sub/y": "image\nimage\nimage", [`find ${state} -name '.statelite-*'`]: "" },
  },
  {
    rule: "state of the wrong kind is left alone and is a problem",
    spec: {
      litefile: ["persistent /etc/a", "persistent /db/", "link,persistent /root/"],
      image: { ...image, "root/x": "x\n" },
      state: { "etc/a/oops": "oops\n", db: "a file\n", root: { link: "nowhere" } },
    },
    see: {
      "cat /etc/a /db/x": "image\nimage",
      [`cd ${state}; cat etc/a/oops db; readlink root`]: "oops\na file\nnowhere",
    },
    problems: ["state-kind /db/", "state-kind /etc/a", "state-kind /root/"],
  },
  {
    rule: "a file of the state on the way to an entry is left alone and is a problem",
    spec: { litefile: ["persistent /db/sub/y"], image, state: { db: "a file\n" } },
    see: { "cat /db/sub/y": "image", [`cat ${state}/db`]: "a file" },
    problems: ["state-kind /db/sub/y"],
  },
  {
    rule: "a symlink of the state on the way to an entry is gone by where it leads somewhere inside, and else is a problem",
    spec: {
      litefile: [
        "persistent /db/",
        "persistent /db/sub/y",
        "persistent /srv/d/x/",
        "persistent /srv/d/x/y/z",
      ],
      image: { ...image, "srv/d/x/y/z": "z\n", "srv/d/x/w": "w\n" },
      state: { db: { link: "nowhere" }, srv: { link: "/elsewhere" }, "elsewhere/own": "own\n" },
    },
    see: {
      [`cd ${state}; readlink db; find elsewhere -type f | sort; cat elsewhere/d/x/y/z`]:
        "nowhere\nelsewhere/d/x/w\nelsewhere/d/x/y/z\nelsewhere/own\nz",
    },
    problems: ["state-kind /db/", "state-kind /db/sub/y"],
  },
  {
    rule: "a read-only state area serves what it has, and cannot be seeded",
    spec: {
      litefile: ["persistent /etc/a", "persistent /db/"],
      image,
      state: { "etc/a": "kept\n" },
      arrange: (places) => readOnly(places.state),
    },
    see: { "cat /etc/a /db/x": "kept\nimage", [`ls ${state}`]: "etc" },
    problems: ["op-seed /db/"],
  },
  {
    rule: "a full state area serves what it has, and keeps nothing of what did not fit",
    spec: {
      litefile: ["persistent /etc/a", "persistent /db/", "persistent /small"],
      image: { ...image, "db/big": "b".repeat(200_000), small: "small\n" },
      state: {},
      arrange: (places) => {
        mount("small", places.state, "tmpfs", 0, "size=64k");
        writeTree(places.state, { "etc/a": "kept\n" });
      },
    },
    see: { "cat /etc/a /db/x": "kept\nimage", [`ls ${state} | grep -v small`]: "etc" },
    problems: ["op-seed /db/"],
  },
  {
    rule: "the local disk is seeded and kept like state",
    spec: {
      litefile: ["localdisk /etc/a", "localdisk /db/"],
      image,
      localDisk: { "etc/a": "kept\n" },
    },
    see: { "cat /etc/a /db/x": "kept\nimage", "cat /.sllocal/localmnt/db/sub/y": "image" },
  },
];

describe("the state area", () => {
  for (const { rule, spec, see, problems = [] } of rows) {
    test(rule, async () => {
      await using node = await makeNode(spec);
      const found = problemLines(node.problems).filter((line) => line !== "op-seed /small");
      expect(found.sort()).toEqual([...problems].sort());
      for (const [script, output] of Object.entries(see)) {
        expect(`${script}: ${node.shell(script)}`).toBe(`${script}: ${output}`);
      }
    });
  }

  test("a second boot finds what the first has left, and what is volatile is fresh", async () => {
    const directory = mkdtempSync(join(tmpdir(), "statelite-state-"));
    try {
      const spec: NodeSpec = {
        litefile: ["persistent /etc/a", "link,persistent /db/", "tmpfs /tmp/", "con /list"],
        image: { ...image, "tmp/x": "image\n", list: "image\n" },
        state: { directory },
      };
      {
        await using first = await makeNode({ ...spec, sources: [{ "etc/a": "one\n" }] });
        expect(first.problems).toEqual([]);
        first.shell("for f in /etc/a /db/x /tmp/x /list /db/sub/new; do echo first >>$f; done");
      }
      const kept = inventory(directory);
      await using second = await makeNode({ ...spec, sources: [{ "etc/a": "two\n", "db/x": "two\n" }] });
      expect(second.problems).toEqual([]);
      expect(second.shell("cat /etc/a /db/x /db/sub/new")).toBe("one\nfirst\nimage\nfirst\nfirst");
      expect(second.shell("cat /tmp/x /list")).toBe("image\nimage");
      expect(withoutAccess(inventory(directory))).toEqual(withoutAccess(kept));
      expect(second.plan?.stages.flat().filter((op) => op.kind === "seed")).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function withoutAccess(found: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).map(([path, text]) => [path, text.replace(/ atime \S+/, "")]),
  );
}

test("a directory is seeded when its row comes after one below it, and never again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "statelite-state-"));
  const boot = (...litefile: string[]) => makeNode({ litefile, image, state: { directory } });
  try {
    {
      await using first = await boot("persistent /db/sub/");
      expect(first.problems).toEqual([]);
      first.shell("echo first >/db/sub/y");
    }
    {
      await using second = await boot("persistent /db/", "persistent /db/sub/");
      expect(second.problems).toEqual([]);
      expect(second.shell("cat /db/x /db/sub/y; rm /db/x")).toBe("image\nfirst");
    }
    await using third = await boot("persistent /db/", "persistent /db/sub/");
    expect(third.problems).toEqual([]);
    expect(third.shell("ls -A /db; cat /db/sub/y")).toBe("sub\nfirst");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe("a directory whose row takes the place of those below it", () => {
  const image = { "db/x": "x", "db/sub/y": "y", "db/sub/z": "z", "db/sub/deep/a": "a", "db/sub/deep/b": "b" };
  const all = "./deep/a: a\n./deep/b: b\n./y: y\n./z: z";
  const list = "cd /db/sub; for f in $(find . -type f | sort); do echo $f: $(cat $f); done; cat ../x";
  // What the first boot's node does, the rows of the next ones, what is there then.
  const cases: readonly (readonly [string, readonly string[], string, readonly string[], string])[] = [
    [
      "is seeded around what they have kept",
      ["persistent /db/sub/"],
      "echo mine >/db/sub/y; rm /db/sub/z",
      ["persistent /db/"],
      "./deep/a: a\n./deep/b: b\n./y: mine\nx",
    ],
    [
      "is there as a whole, too, by links",
      ["link,persistent /db/sub/"],
      "",
      ["link,persistent /db/"],
      `${all}\nx`,
    ],
    [
      "is seeded around what some of them have kept, and others still keep",
      ["persistent /db/sub/deep/a", "persistent /db/sub/y"],
      "echo mine >/db/sub/deep/a",
      ["persistent /db/", "persistent /db/sub/y"],
      "./deep/a: mine\n./deep/b: b\n./y: y\n./z: z\nx",
    ],
    [
      "gets nothing back that the node has removed from it when it was seeded itself",
      ["persistent /db/", "persistent /db/sub/"],
      "rm /db/x",
      ["persistent /db/"],
      `${all}\ncat: can't open '../x': No such file or directory`,
    ],
  ];
  test.each(cases)("%s", async (_, before, script, after, found) => {
    const directory = mkdtempSync(join(tmpdir(), "statelite-state-"));
    const boot = (litefile: readonly string[]) => makeNode({ litefile, image, state: { directory } });
    try {
      {
        await using first = await boot(before);
        expect(first.problems).toEqual([]);
        first.shell(script);
      }
      for (const _ of ["second", "third"]) {
        await using node = await boot(after);
        expect(node.problems).toEqual([]);
        expect(node.shell(list)).toBe(found);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("where its seeding is cut off, still gets nothing into what they have kept", async () => {
    const directory = mkdtempSync(join(tmpdir(), "statelite-state-"));
    const boot = (litefile: readonly string[]) => makeNode({ litefile, image, state: { directory } });
    try {
      {
        await using first = await boot(["persistent /db/sub/deep/"]);
        first.shell("rm /db/sub/deep/b");
      }
      // As far as the second boot came: a part was moved to its place, the rest was not.
      writeTree(directory, { "db/x": "x", "db/.statelite-merge/sub/y": "y" });
      await using third = await boot(["persistent /db/"]);
      expect(third.problems).toEqual([]);
      expect(third.shell(list)).toBe("./deep/a: a\n./y: y\n./z: z\nx");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("a seed around what is kept that is cut off", () => {
  test("has lost nothing of that, at 20 moments, and the next boot ends it", async () => {
    const base = mkdtempSync(join(tmpdir(), "statelite-merge-"));
    try {
      const source: Record<string, string> = { "a/kept": "new", own: "new" };
      for (let n = 0; n < 60; n++) source[`${n % 6}/${n}`] = "content\n".repeat(n * 10);
      writeTree(join(base, "source/d"), source);
      const place = join(base, "state/etc/app/d");
      const start = () => {
        rmSync(join(base, "state"), { recursive: true, force: true });
        writeTree(place, { "a/kept": "kept", "3/mine": "kept" });
      };
      start();
      const duration = await seed(base, undefined, "merge");
      const whole = Object.keys(inventory(place)).sort();
      expect(whole).toHaveLength(1 + 7 + 60 + 3);
      let cut = 0;
      for (let n = 0; n < 20; n++) {
        start();
        await seed(base, (duration * n) / 20, "merge");
        if (existsSync(join(place, ".statelite-merge"))) cut++;
        expect(readFileSync(join(place, "a/kept"), "utf8")).toBe("kept");
        expect(readFileSync(join(place, "3/mine"), "utf8")).toBe("kept");
        await seed(base, undefined, "merge");
        expect(Object.keys(inventory(place)).sort()).toEqual(whole);
        expect(readFileSync(join(place, "a/kept"), "utf8")).toBe("kept");
      }
      expect(cut).toBeGreaterThan(0);
    } finally {
      rmSync(base, { recursive: true });
    }
  }, 60_000);
});

describe("a seed that is cut off", () => {
  test("has left all of it or nothing, at 30 moments, and the next boot ends it", async () => {
    const base = mkdtempSync(join(tmpdir(), "statelite-seed-"));
    try {
      const source = join(base, "source/d");
      for (let n = 0; n < 60; n++) {
        mkdirSync(join(source, `${n % 6}`), { recursive: true });
        writeFileSync(join(source, `${n % 6}/${n}`), "content\n".repeat(n * 10));
      }
      mkdirSync(join(base, "etc/app"), { recursive: true });
      chmodSync(join(base, "etc/app"), 0o751);
      const duration = await seed(base);
      expect(stateOf(base)).toEqual(["all", []]);
      const seen = new Set<unknown>();
      for (let n = 0; n < 30; n++) {
        rmSync(join(base, "state"), { recursive: true });
        await seed(base, (duration * n) / 30);
        const [what, names] = stateOf(base);
        seen.add(what);
        expect(["all", "nothing"]).toContain(what);
        expect(names.filter((name) => !name.startsWith(".statelite-seed-"))).toEqual([]);
        await seed(base);
        expect(stateOf(base)).toEqual(["all", []]);
      }
      expect(seen).toContain("nothing");
    } finally {
      rmSync(base, { recursive: true });
    }
  }, 60_000);
});

/** Runs the seed in a process of its own, where it is not done yet; killed after so many milliseconds, if at all. */
async function seed(base: string, killAfter?: number, merge?: "merge"): Promise<number> {
  mkdirSync(join(base, "state"), { recursive: true });
  if (merge === undefined && existsSync(join(base, "state/etc/app/d"))) return 0;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "seed-child.ts"), base, merge ?? ""], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.getReader();
  await reader.read();
  const started = performance.now();
  if (killAfter !== undefined) {
    await Bun.sleep(killAfter);
    child.kill("SIGKILL");
  }
  const status = await child.exited;
  if (killAfter === undefined) expect(status).toBe(0);
  return performance.now() - started;
}

/** How much of the seed is in its place, and what else lies beside it. */
function stateOf(base: string): [string, string[]] {
  const above = join(base, "state/etc/app");
  if (!existsSync(above)) return ["nothing", []];
  expect(statSync(above).mode & 0o777).toBe(0o751);
  const others = readdirSync(above).filter((name) => name !== "d");
  if (!existsSync(join(above, "d"))) return ["nothing", others];
  expect(withoutAccess(inventory(join(above, "d")))).toEqual(
    withoutAccess(inventory(join(base, "source/d"))),
  );
  return ["all", others];
}
