import { describe, expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { carryOut } from "../../server-stub/liteimg/carry-out.ts";
import { formatOp, type Op } from "../../server-stub/liteimg/ops.ts";
import { recover } from "../../server-stub/liteimg/swap.ts";
import { ImageTree } from "../../server-stub/liteimg/tree.ts";
import { type Layout, listTree, makeImage } from "./support/image.ts";

const note = (path: string, ...keep: string[]) =>
  JSON.stringify({ path, keep, incoming: "/.default/.liteimg-new-1-2" });
const journal = note("/.default/etc", "/.default/etc/mtab");

const old: Layout = { ".default/etc/a": "old" };
const kept: Layout = { ".default/etc/mtab": "the one and only" };
const fresh: Layout = {
  ".default/.liteimg-new-1-2/a": "new",
  ".default/.liteimg-new-1-2/mtab": "of the image",
};
const keptThere: Layout = {
  ".default/.liteimg-new-1-2/a": "new",
  ".default/.liteimg-new-1-2/mtab": "the one and only",
};
const aside: Layout = { ".default/.liteimg-old/a": "old" };
const done: Layout = { ".default/etc/a": "new", ".default/etc/mtab": "the one and only" };

describe("a copy that was cut off while it was put in place is there afterwards, with what is kept", () => {
  const cases: readonly (readonly [string, Layout])[] = [
    ["before anything was moved", { ...old, ...kept, ...fresh }],
    ["when the place for what is kept was made", { ...old, ...kept, ".default/.liteimg-new-1-2/a": "new" }],
    ["when what is kept had moved", { ...old, ...keptThere }],
    ["when the old one was aside", { ...aside, ...keptThere }],
    ["when the new one was in place", { ...aside, ...done }],
    ["when the old one was gone", done],
  ];
  for (const [rule, layout] of cases) {
    test(rule, () => {
      using image = makeImage({ ...layout, ".default/.liteimg-swap": journal });
      using expected = makeImage(done);
      recover(new ImageTree(image.root));
      expect(listTree(image.root)).toEqual(listTree(expected.root));
    });
  }
});

describe("what is no whole copy is removed, and nothing else", () => {
  const outside = { "etc/passwd": "root", ...old };
  const cases: readonly (readonly [string, Layout])[] = [
    ["half a copy", fresh],
    ["half a note", { ...fresh, ".default/.liteimg-swap-new": journal.slice(0, 20) }],
    ["a note that is none", { ...fresh, ".default/.liteimg-swap": "{}" }],
    ["a note about other places", { ...fresh, ".default/.liteimg-swap": note("/etc") }],
    ["a note about places outside", { ...fresh, ".default/.liteimg-swap": note("/.default/../etc") }],
    ["a link in place of the note", { ...fresh, ".default/.liteimg-swap": { link: "/etc/passwd" } }],
  ];
  for (const [rule, layout] of cases) {
    test(rule, () => {
      using image = makeImage({ ...outside, ...layout });
      using expected = makeImage(outside);
      recover(new ImageTree(image.root));
      expect(listTree(image.root)).toEqual(listTree(expected.root));
    });
  }

  test("and an image without /.default is left alone", () => {
    using image = makeImage({ "etc/a": "A" });
    recover(new ImageTree(image.root));
    expect(listTree(image.root)).toEqual({ etc: "directory 755", "etc/a": "file 644 A" });
  });
});

test("a FIFO in place of the note holds nobody up", () => {
  using image = makeImage(old);
  using expected = makeImage(old);
  Bun.spawnSync(["mkfifo", `${image.root}/.default/.liteimg-swap`]);
  const script = `import { recover } from "${import.meta.dir}/../../server-stub/liteimg/swap.ts";
    import { ImageTree } from "${import.meta.dir}/../../server-stub/liteimg/tree.ts";
    recover(new ImageTree(${JSON.stringify(image.root)}));`;
  // A process of its own, as nothing but a signal would end the wait.
  const { exitCode } = Bun.spawnSync([process.execPath, "-e", script], { timeout: 20_000 });
  expect(exitCode).toBe(0);
  expect(listTree(image.root)).toEqual(listTree(expected.root));
});

describe("a directory that has become a link out of the image since the plan was made is not gone by", () => {
  const row = "row";
  const ops: readonly Op[] = [
    { kind: "make-directory", path: "/home/u/new", row },
    { kind: "make-file", path: "/home/u/new", row },
    { kind: "link", path: "/home/u/new", target: "x", row },
    { kind: "move", from: "/home/u/file", path: "/moved", row },
    { kind: "move", from: "/inside", path: "/home/u/new", row },
    { kind: "copy", from: "/home/u/file", path: "/.default/copy", keep: [], row },
    { kind: "remove", path: "/home/u/file", row },
  ];
  for (const op of ops)
    test(formatOp(op), () => {
      using image = makeImage({ inside: "", ".default": "/", "home/u/file": "of the image" });
      using elsewhere = makeImage({ file: "of the management node" });
      const tree = new ImageTree(image.root);
      // As somebody would do it between the last look at the way there and the change.
      const real = tree.real.bind(tree);
      tree.real = (location) => {
        tree.isInside = () => true;
        rmSync(join(image.root, "home/u"), { recursive: true, force: true });
        symlinkSync(elsewhere.root, join(image.root, "home/u"));
        return real(location);
      };
      expect(() => carryOut(tree, op)).toThrow("/home/u");
      expect(listTree(elsewhere.root)).toEqual({ file: "file 644 of the management node" });
      expect(Object.keys(listTree(image.root))).not.toContain("moved");
    });
});
