import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { MNT_DETACH, MS, O } from "../../agent/kernel/constants.ts";
import { errorCode } from "../../agent/kernel/errno.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { close, openIn, openTree, withoutOpenat2 } from "../../agent/kernel/tree.ts";
import { run } from "./inventory.ts";
import { writeTree } from "./trees.ts";

/** The walk by hand, for kernels without openat2, leads where openat2 itself leads. */

const base = mkdtempSync(join(tmpdir(), "statelite-paths-"));
const top = join(base, "top");
let tree = -1;

beforeAll(() => {
  writeTree(top, { "d/e/f": "f", file: "file", mounted: null, proc: null, "x/y/z": "z" });
  writeTree(join(base, "other"), { "inside/x": "x", up: { link: "../file" }, abs: { link: "/d/e/f" } });
  writeFileSync(join(base, "outside"), "outside");
  mkdirSync(join(top, "bad"));
  for (const [name, text] of Object.entries({
    "to-file": "file",
    "to-file-slash": "file/",
    "to-dir": "d/e",
    "to-dir-slash": "d/e/",
    absolute: "/d/e/f",
    root: "/",
    up: "..",
    "up-many": "../../../../../../../..",
    out: "../outside",
    "out-absolute": join(base, "outside"),
    "d/back": "../x/y",
    "d/e/chain": "../back/z",
    "through-file": "file/..",
    dot: ".",
    dangling: "nowhere/at/all",
    self: "self",
    ping: "pong",
    pong: "ping",
    "to-link": "to-dir",
    "into-mount": "mounted/inside",
    long: `${"./".repeat(2000)}file`,
    "to-proc-root": "proc/self/root/etc/hostname",
  })) {
    symlinkSync(text, join(top, name));
  }
  for (let n = 0; n < 42; n++) symlinkSync(n === 0 ? "file" : `l${n - 1}`, join(top, `l${n}`));
  symlinkSync(Buffer.from([0x78, 0x2f, 0xff, 0x2f, 0x7a]), join(top, "to-bytes"));
  mkdirSync(Buffer.concat([Buffer.from(join(top, "x/")), Buffer.from([0xff])]));
  writeFileSync(Buffer.concat([Buffer.from(join(top, "x/")), Buffer.from([0xff]), Buffer.from("/z")]), "z");
  run("/usr/bin/mkfifo", [join(top, "fifo")]);
  mount(join(base, "other"), join(top, "mounted"), "", MS.BIND, "");
  mount("proc", join(top, "proc"), "proc", 0, "");
  tree = openTree(top);
});

afterAll(() => {
  close(tree);
  for (const name of ["mounted", "proc"]) umount(join(top, name), MNT_DETACH);
  rmSync(base, { recursive: true });
});

/** What a path leads to, or why it leads nowhere. */
function found(path: string, flags: number): string {
  try {
    const fd = openIn(tree, path, flags);
    try {
      const { dev, ino } = fstatSync(fd);
      return `${dev}:${ino}`;
    } finally {
      close(fd);
    }
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

const flagSets = [
  ["O_PATH", O.PATH],
  ["O_PATH|O_NOFOLLOW", O.PATH | O.NOFOLLOW],
  ["O_PATH|O_DIRECTORY", O.PATH | O.DIRECTORY],
  ["O_PATH|O_DIRECTORY|O_NOFOLLOW", O.PATH | O.DIRECTORY | O.NOFOLLOW],
  ["O_RDONLY|O_NONBLOCK", O.RDONLY | O.NONBLOCK],
  ["O_RDONLY|O_NONBLOCK|O_NOFOLLOW", O.RDONLY | O.NONBLOCK | O.NOFOLLOW],
  ["O_RDONLY|O_DIRECTORY|O_NOFOLLOW", O.RDONLY | O.DIRECTORY | O.NOFOLLOW],
] as const;

const paths = [
  ...[
    "",
    "/",
    ".",
    "..",
    "/..",
    "../..",
    "//",
    "./.",
    "/./d",
    "d",
    "d/",
    "d/.",
    "d//e",
    "d/e/f",
    "d/e/f/",
    "d/e/f/.",
  ],
  ...[
    "d/../file",
    "file/..",
    "file/.",
    "file/",
    "file/x",
    "nothing",
    "nothing/..",
    "nothing/",
    "fifo",
    "fifo/",
    "fifo/x",
  ],
  ...[
    "to-file",
    "to-file/",
    "to-file-slash",
    "to-dir",
    "to-dir/",
    "to-dir/.",
    "to-dir/..",
    "to-dir/f",
    "to-dir-slash",
  ],
  ...[
    "to-dir-slash/f",
    "absolute",
    "absolute/",
    "root",
    "root/d",
    "root/../..",
    "up",
    "up/file",
    "up-many/d/e",
    "out",
  ],
  ...[
    "out-absolute",
    "../outside",
    "d/back",
    "d/back/z",
    "d/e/chain",
    "d/e/chain/",
    "through-file",
    "dot",
    "dot/",
  ],
  ...[
    "dot/dot/dot/file",
    "dangling",
    "dangling/x",
    "self",
    "self/x",
    "ping",
    "to-link",
    "to-link/f",
    "to-link/..",
  ],
  ...[
    "mounted",
    "mounted/..",
    "mounted/inside/../..",
    "mounted/inside/../../d",
    "mounted/up",
    "mounted/abs",
    "into-mount",
  ],
  ...[
    "into-mount/../..",
    "into-mount/x",
    "long",
    "l38",
    "l39",
    "l40",
    "l41",
    "to-bytes",
    "n".repeat(255),
    "n".repeat(256),
  ],
  ...[
    "proc/self",
    "proc/self/root",
    "proc/self/root/d",
    "proc/self/cwd",
    "proc/self/exe",
    "proc/self/fd/0",
    "to-proc-root",
  ],
  ...[
    "proc/self/ns/mnt",
    "proc/1/root",
    "proc/1/root/etc",
    "proc/mounts",
    "proc/net",
    "proc/thread-self/status",
  ],
];

describe("the walk by hand finds what openat2 finds", () => {
  for (const [words, flags] of flagSets) {
    test(`with ${words}`, async () => {
      const look = () => paths.map((path) => `"${path.slice(0, 40)}" ${found(path, flags)}`);
      expect(await withoutOpenat2(look)).toEqual(look());
    });
  }

  test("for any path of these names", async () => {
    const name = fc.constantFrom(
      ...paths.flatMap((path) => path.split("/")),
      "l5",
      "e",
      "f",
      "x",
      "y",
      "z",
      "..",
      "..",
      "",
    );
    const path = fc.array(name, { maxLength: 8 }).map((names) => names.join("/"));
    await fc.assert(
      fc.asyncProperty(path, fc.constantFrom(...flagSets), async (some, [, flags]) => {
        expect(await withoutOpenat2(() => found(some, flags))).toBe(found(some, flags));
      }),
      { numRuns: 3000 },
    );
  });

  test("a file is made inside the tree, and through no link", async () => {
    const make = () => {
      close(openIn(tree, "root/../to-dir/new", O.WRONLY | O.CREAT | O.EXCL, 0o600));
      const there = found("d/e/new", O.PATH);
      rmSync(join(top, "d/e/new"));
      return [
        there === "ENOENT",
        ...["dangling", "out", "to-file"].map((path) => found(path, O.WRONLY | O.CREAT | O.EXCL)),
      ];
    };
    expect(make()).toEqual([false, "EEXIST", "EEXIST", "EEXIST"]);
    expect(await withoutOpenat2(make)).toEqual([false, "EEXIST", "EEXIST", "EEXIST"]);
  });
});
