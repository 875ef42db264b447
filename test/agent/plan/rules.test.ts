import { describe, expect, test } from "bun:test";
import { opLines, plan, problemLines, type World } from "./world.ts";

/** The nine rules of semantics section 5, each in rows that its number names. */
interface Row {
  readonly rule: string;
  readonly world: World;
  readonly ops?: readonly string[];
  readonly problems?: readonly string[];
}

const [a, b] = ["one", "two"];
const long = (bytes: number) => "n".repeat(bytes);
const bound = (path: string) => `bind tmpfs${path} -> ${path}`;

const rows: readonly Row[] = [
  {
    rule: "1 the first source in priority order that has the path wins",
    world: { litefile: ["tmpfs /a"], sources: [{}, { "/a": a }, { "/a": b }], defaults: { "/a": "d" } },
    ops: ["copy source2/a -> tmpfs/a", bound("/a")],
  },
  {
    rule: "1 directories of several sources are not merged",
    world: { litefile: ["tmpfs /d/"], sources: [{ "/d/x": a }, { "/d/y": b }] },
    ops: ["copy source1/d -> tmpfs/d", bound("/d")],
  },
  {
    rule: "1 in no place at all: unresolved",
    world: { litefile: ["tmpfs /a"], sources: [{}] },
    problems: ["unresolved /a"],
  },
  {
    rule: "1 a file is no candidate for a directory entry",
    world: { litefile: ["tmpfs /d/"], sources: [{ "/d": a }], defaults: { "/d/x": b } },
    ops: ["copy default/d -> tmpfs/d", bound("/d")],
  },
  {
    rule: "1 a source that could not be mounted is passed over where a later candidate serves",
    world: { litefile: ["tmpfs /a"], sources: [{ "/a": a }, { "/a": b }], unavailable: [0] },
    ops: ["copy source2/a -> tmpfs/a", bound("/a")],
  },
  {
    rule: "1 a source that could not be mounted leaves the row unresolved where nothing else serves",
    world: { litefile: ["ro /a"], sources: [{ "/a": a }], unavailable: [0] },
    problems: ["unresolved /a"],
  },
  {
    rule: "1 a place that could not be looked at may have been the winner: what comes after it is no answer",
    world: {
      litefile: ["tmpfs /a", "ro /b"],
      sources: [
        { "/a": "!! ESTALE", "/b": "!! EIO" },
        { "/a": a, "/b": b },
      ],
    },
    problems: ["source-look /a", "source-look /b"],
  },
  {
    rule: "1 a place behind the winner that could not be looked at changes nothing",
    world: { litefile: ["tmpfs /a"], sources: [{ "/a": a }, { "/a": "!! ESTALE" }] },
    ops: ["copy source1/a -> tmpfs/a", bound("/a")],
  },
  {
    rule: "1 con needs an answer of every source",
    world: {
      litefile: ["con /a", "con /b"],
      sources: [{ "/a": a }, { "/a": "!! EACCES" }],
      defaults: { "/b": b },
    },
    problems: ["source-look /a"],
    ops: ["concatenate default/b -> tmpfs/b", bound("/b")],
  },
  {
    rule: "1 what the state has needs no answer of any source",
    world: { litefile: ["persistent /a"], sources: [{ "/a": "!! ESTALE" }], state: { "/a": a } },
    ops: ["bind state/a -> /a"],
  },
  {
    rule: "2 an empty directory in a source is no candidate for a directory entry",
    world: { litefile: ["tmpfs /d/"], sources: [{ "/d": null }], defaults: { "/d/x": b } },
    ops: ["copy default/d -> tmpfs/d", bound("/d")],
  },
  {
    rule: "2 an empty default is one",
    world: { litefile: ["tmpfs /d/"], sources: [{ "/d": null }], defaults: { "/d": null } },
    ops: ["copy default/d -> tmpfs/d", bound("/d")],
  },
  {
    rule: "3 parents before children at any depth, whatever the order of the rows",
    world: {
      litefile: ["tmpfs /var/lib/ntp/drift", "tmpfs /var/", "tmpfs /var/lib/ntp/"],
      defaults: { "/var/lib/ntp/drift": a, "/var/log": null },
    },
    ops: [
      "copy default/var -> tmpfs/var without lib/ntp",
      "copy default/var/lib/ntp -> tmpfs/var/lib/ntp without drift",
      "copy default/var/lib/ntp/drift -> tmpfs/var/lib/ntp/drift",
      bound("/var"),
    ],
  },
  {
    rule: "3 a source that holds an entry directly below the parent is no candidate for the parent",
    world: {
      litefile: ["tmpfs /d/", "tmpfs /d/x"],
      sources: [{ "/d/x": a, "/d/y": a }],
      defaults: { "/d/x": b, "/d/z": b },
    },
    ops: ["copy default/d -> tmpfs/d without x", "copy source1/d/x -> tmpfs/d/x", bound("/d")],
  },
  {
    rule: "3 a sparse tree that only leads to an entry deep below is no candidate for the parent",
    world: {
      litefile: ["tmpfs /var/", "tmpfs /var/lib/ntp/drift"],
      sources: [{ "/var/lib/ntp/drift": a }],
      defaults: { "/var/log/x": b },
    },
    ops: [
      "copy default/var -> tmpfs/var without lib/ntp/drift",
      "copy source1/var/lib/ntp/drift -> tmpfs/var/lib/ntp/drift",
      bound("/var"),
    ],
  },
  {
    rule: "3 a tree with something of its own beside what leads to an entry is a candidate",
    world: {
      litefile: ["tmpfs /var/", "tmpfs /var/lib/ntp/drift"],
      sources: [{ "/var/lib/ntp/drift": a, "/var/lib/own": a }],
      defaults: { "/var/log/x": b },
    },
    ops: [
      "copy source1/var -> tmpfs/var without lib/ntp/drift",
      "copy source1/var/lib/ntp/drift -> tmpfs/var/lib/ntp/drift",
      bound("/var"),
    ],
  },
  {
    rule: "3 an empty directory on the way to an entry is nothing of its own",
    world: {
      litefile: ["tmpfs /var/", "tmpfs /var/lib/ntp/drift"],
      sources: [{ "/var/lib": null }],
      defaults: { "/var/lib/ntp/drift": b },
    },
    ops: [
      "copy default/var -> tmpfs/var without lib/ntp/drift",
      "copy default/var/lib/ntp/drift -> tmpfs/var/lib/ntp/drift",
      bound("/var"),
    ],
  },
  {
    rule: "3 a child with a mount of its own gets a mount point in the parent's copy",
    world: {
      litefile: ["tmpfs /var/", "persistent /var/db/", "ro /var/key", "con /var/list"],
      defaults: { "/var/x": a, "/var/db/y": a, "/var/key": a, "/var/list": a },
      state: {},
    },
    ops: [
      "copy default/var -> tmpfs/var without db, key, list",
      "mountpoint tmpfs/var/db/",
      "seed default/var/db -> state/var/db",
      "mountpoint tmpfs/var/key",
      "concatenate default/var/list -> tmpfs/var/list",
      bound("/var"),
      "bind state/var/db -> /var/db",
      "bind read-only default/var/key -> /var/key",
      "bind tmpfs/var/list -> /var/list",
    ],
  },
  {
    rule: "3 a child of an unresolved parent stands alone",
    world: { litefile: ["tmpfs /var/", "tmpfs /var/x"], sources: [{ "/var/x": a }] },
    ops: ["copy source1/var/x -> tmpfs/var/x", bound("/var/x")],
    problems: ["unresolved /var/"],
  },
  {
    rule: "3 persistent below persistent is seeded by itself",
    world: {
      litefile: ["persistent /db/", "persistent /db/a/"],
      sources: [{ "/db/a/1": a }],
      defaults: { "/db/x": b, "/db/a/2": b },
      state: {},
    },
    ops: [
      "seed default/db -> state/db without a",
      "remember state/.statelite/whole/db/.whole",
      "seed source1/db/a -> state/db/a",
      "bind state/db -> /db",
      "bind state/db/a -> /db/a",
    ],
  },
  {
    rule: "3 a state directory that only leads to what was placed below it is seeded around that",
    world: {
      litefile: ["persistent /db/", "persistent /db/sub/a/"],
      sources: [{ "/db/sub/a/1": a, "/db/own": a }],
      defaults: { "/db/x": b },
      state: { "/db/sub/a/1": "kept" },
    },
    ops: [
      "seed source1/db -> state/db, around what is there without sub/a",
      "remember state/.statelite/whole/db/.whole",
      "bind state/db -> /db",
      "bind state/db/sub/a -> /db/sub/a",
    ],
  },
  {
    rule: "3 a state directory with something of its own is the state",
    world: {
      litefile: ["persistent /db/", "persistent /db/sub/a/"],
      defaults: { "/db/x": b },
      state: { "/db/sub/a/1": "kept", "/db/sub/own": "kept" },
    },
    ops: [
      "remember state/.statelite/whole/db/.whole",
      "bind state/db -> /db",
      "bind state/db/sub/a -> /db/sub/a",
    ],
  },
  {
    rule: "3 a state directory that was there as a whole once stays what the node has made of it",
    world: {
      litefile: ["persistent /db/", "persistent /db/sub/a/"],
      defaults: { "/db/x": b },
      state: { "/db/sub/a/1": "kept", "/.statelite/whole/db/.whole": "" },
    },
    ops: ["bind state/db -> /db", "bind state/db/sub/a -> /db/sub/a"],
  },
  {
    rule: "3 a state directory of which a seed was cut off is seeded again, whatever it holds",
    world: {
      litefile: ["persistent /db/"],
      defaults: { "/db/x": b, "/db/y": b },
      state: { "/db/x": "kept", "/db/.statelite-merge/y": b },
    },
    ops: ["seed default/db -> state/db, around what is there", "bind state/db -> /db"],
  },
  {
    rule: "3 what is left of a seed below it is nothing of its own",
    world: {
      litefile: ["persistent /db/", "persistent /db/a"],
      defaults: { "/db/x": b, "/db/a": b },
      state: { "/db/.statelite-seed-0123": "half" },
    },
    ops: [
      "seed default/db -> state/db, around what is there without a",
      "remember state/.statelite/whole/db/.whole",
      "seed default/db/a -> state/db/a",
      "bind state/db -> /db",
      "bind state/db/a -> /db/a",
    ],
  },
  {
    rule: "3 a state directory that only leads to entries is used where nothing could seed it",
    world: { litefile: ["persistent /db/", "persistent /db/a"], state: { "/db/a": "kept" } },
    ops: ["bind state/db -> /db", "bind state/db/a -> /db/a"],
  },
  ...(
    [
      ["link /d/", "tmpfs /d/x"],
      ["link /d/", "ro /d/x"],
      ["link /d/", "link,ro /d/x"],
      ["tmpfs /d/", "link /d/x"],
      ["tmpfs /d/", "link,persistent /d/x"],
      ["persistent /d/", "tmpfs /d/x"],
      ["persistent /d/", "link,persistent /d/x"],
      ["link,persistent /d/", "link /d/x"],
      ["ro /d/", "ro /d/x"],
      ["ro /d/", "tmpfs /d/x"],
      ["link,ro /d/", "link /d/x"],
      ["con /d", "tmpfs /d/x"],
    ] as const
  ).map(([parent, child]) => ({
    rule: `4 "${child}" below "${parent}" is a problem of the child`,
    world: { litefile: [parent, child], defaults: { "/d/x": a, "/d/y": a }, state: { "/d/x": a } },
    problems: [parent === "con /d" ? "unresolved /d" : undefined, "litefile-nesting /d/x"].filter(
      (p) => p !== undefined,
    ),
  })),
  {
    rule: "4 /etc/mtab, which the server always sends as a link, goes into the copy of /etc/",
    world: { litefile: ["tmpfs /etc/", "link /etc/mtab"], defaults: { "/etc/a": a, "/etc/mtab": "" } },
    ops: [
      "copy default/etc -> tmpfs/etc without mtab",
      "copy default/etc/mtab -> tmpfs/etc/mtab",
      bound("/etc"),
    ],
  },
  {
    rule: "4 /etc/mtab in an /etc/ that is no copy is the directory's own",
    world: { litefile: ["ro /etc/", "link /etc/mtab"], defaults: { "/etc/a": a, "/etc/mtab": "" } },
    ops: ["bind read-only default/etc -> /etc"],
  },
  {
    rule: "6 a link of the image above the entry is followed as the node will see it",
    world: {
      litefile: ["tmpfs /var/run/x"],
      defaults: { "/var/run/x": a },
      image: { "/var/run": "-> /run" },
    },
    ops: ["copy default/var/run/x -> tmpfs/run/x", bound("/run/x")],
  },
  {
    rule: "6 an entry that a link leads out of its parent's copy stands alone",
    world: {
      litefile: ["tmpfs /var/", "tmpfs /var/run/x"],
      defaults: { "/var/log": null, "/var/run": "-> /run" },
      sources: [{ "/var/run/x": a }],
      image: { "/var/run": "-> /run" },
    },
    ops: [
      "copy source1/var/run/x -> tmpfs/run/x",
      "copy default/var -> tmpfs/var",
      bound("/run/x"),
      bound("/var"),
    ],
  },
  {
    rule: "6 a link of a source that leads nowhere inside it is no candidate for a mount",
    world: { litefile: ["tmpfs /a"], sources: [{ "/a": "-> /etc/shadow" }], defaults: { "/a": b } },
    ops: ["copy default/a -> tmpfs/a", bound("/a")],
  },
  {
    rule: "6 a link entry's content may be a symlink of its own",
    world: {
      litefile: ["link /etc/localtime"],
      sources: [{ "/etc/localtime": "-> /usr/share/zoneinfo/UTC" }],
    },
    ops: ["copy source1/etc/localtime -> tmpfs/etc/localtime"],
  },
  {
    rule: "7 a bind mount without a target in the image is a problem of the row",
    world: { litefile: ["tmpfs /a"], defaults: { "/a": a }, missing: ["/a"] },
    problems: ["target-missing /a"],
  },
  {
    rule: "7 a link that liteimg did not make is a problem of the row",
    world: { litefile: ["link /a"], defaults: { "/a": a }, missing: ["/a"] },
    problems: ["target-missing /a"],
  },
  {
    rule: "8 blanks and odd characters are part of the path",
    world: { litefile: ["tmpfs /etc/a b\tc:d"], defaults: { "/etc/a b\tc:d": a } },
    ops: ["copy default/etc/a b\tc:d -> tmpfs/etc/a b\tc:d", bound("/etc/a b\tc:d")],
  },
  {
    rule: "8 a newline in the path is a problem of the row",
    world: { litefile: ["tmpfs /etc/a\nb"] },
    problems: ["litefile-path /etc/a\nb"],
  },
  {
    rule: "8 a NUL byte in the path is a problem of the row",
    world: { litefile: ["tmpfs /etc/a\0b"] },
    problems: ["litefile-path /etc/a\0b"],
  },
  {
    rule: "8 names as long as they can be are part of the path",
    world: { litefile: [`tmpfs /etc/${long(255)}`], defaults: { [`/etc/${long(255)}`]: a } },
    ops: [`copy default/etc/${long(255)} -> tmpfs/etc/${long(255)}`, bound(`/etc/${long(255)}`)],
  },
  ...[`/etc/${long(256)}/x`, `/${"ä".repeat(128)}`, `${`/${long(200)}`.repeat(20)}`].map((path) => ({
    rule: `8 a path of ${Buffer.byteLength(path)} bytes, or a name in it, that nothing can have is a problem of the row`,
    world: { litefile: [`tmpfs ${path}`] },
    problems: [`litefile-path ${path}`],
  })),
  {
    rule: "9 the same path written in two ways is one entry",
    world: { litefile: ["tmpfs /etc//ssh/", "tmpfs /etc/./ssh/"], defaults: { "/etc/ssh/x": a } },
    ops: ["copy default/etc/ssh -> tmpfs/etc/ssh", bound("/etc/ssh")],
  },
  {
    rule: "9 the same path with two options: the first is used, the second is a problem",
    world: { litefile: ["tmpfs /a", "ro //a"], defaults: { "/a": a } },
    ops: ["copy default/a -> tmpfs/a", bound("/a")],
    problems: ["litefile-duplicate //a"],
  },
  {
    rule: "9 the same path, required by one row only: what a row says of the boot is not lost without a word",
    world: { litefile: ["tmpfs /a", "required,tmpfs //a", "tmpfs,tmpfs /./a"], defaults: { "/a": a } },
    ops: ["copy default/a -> tmpfs/a", bound("/a")],
    problems: ["litefile-duplicate //a"],
  },
  {
    rule: "9 two paths that are one by a link of the image: the first is used, the second is a problem",
    world: {
      litefile: ["tmpfs /var/run/x", "tmpfs /run/x"],
      defaults: { "/var/run/x": a, "/run/x": a },
      image: { "/var/run": "-> /run" },
    },
    ops: ["copy default/run/x -> tmpfs/run/x", bound("/run/x")],
    problems: ["litefile-duplicate /var/run/x"],
  },
  {
    rule: "4 and 6 a pair that only a link of the image makes one is a problem of the child, too",
    world: {
      litefile: ["persistent /d/", "link /l/x", "link,persistent /l/y/", "ro /m/a/", "tmpfs /m/l/b"],
      defaults: { "/d/z": a, "/l/x": a, "/l/y/z": a, "/m/a/b": a, "/m/l/b": b },
      image: { "/l": "-> /d", "/m/l": "-> a" },
      state: {},
    },
    ops: ["seed default/d -> state/d", "bind state/d -> /d", "bind read-only default/m/a -> /m/a"],
    problems: ["litefile-nesting /l/x", "litefile-nesting /l/y/", "litefile-nesting /m/l/b"],
  },
  ...["etc/a", "/", "/etc/../a", ""].map((path) => ({
    rule: `9 "${path}" is a problem of the row`,
    world: { litefile: [`tmpfs ${path}`] },
    problems: [`litefile-path ${path}`],
  })),
  ...["/.statelite/tmpfs/x", "/.default/"].map((path) => ({
    rule: `${path} is the agent's own and a problem of the row`,
    world: { litefile: [`tmpfs ${path}`] },
    problems: [`litefile-path ${path}`],
  })),
];

describe("the rules", () => {
  for (const { rule, world, ops = [], problems = [] } of rows) {
    test(rule, () => {
      const made = plan(world);
      const expected = rule.startsWith('4 "') ? opLines(made) : [...ops];
      expect(opLines(made)).toEqual(expected);
      expect(problemLines(made.problems).sort()).toEqual([...problems].sort());
    });
  }
});

test("of what a source that cannot be mounted may have, the remedy names the source first", () => {
  const made = plan({ litefile: ["ro /a"], sources: [{ "/a": a }], unavailable: [0] });
  expect(made.problems.map(({ remedy }) => remedy)).toEqual([
    expect.stringMatching(
      /^if it is to come from source 1 \(.*\), mend what keeps that from being mounted; else put it/,
    ),
  ]);
});

test("why sources could not be mounted is not said once more for each row", () => {
  const unavailable = [0, 1, 2];
  const made = plan({ litefile: ["ro /a", "ro /b"], sources: [{}, {}, {}, {}], unavailable });
  expect(made.problems.map(({ found }) => found)).toEqual(
    made.problems.map(() => "has no content (3 sources: not mounted; source 4 (s:/4), default: not there)"),
  );
});
