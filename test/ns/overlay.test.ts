import { expect, test } from "bun:test";
import { chmodSync, chownSync, linkSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setXattr } from "../../agent/kernel/inode.ts";
import { checksums, devices, hardLinks, inventory, run } from "./inventory.ts";
import { makeNode, type NodeSpec, type Places, problemLines } from "./node.ts";
import { type Row, testRows } from "./rows.ts";

/** Directories that are shown through an overlay: nothing is copied, and a process sees what it would see of a copy. */

const image = { "d/a": "image a\n", "d/sub/b": "image b\n", file: "image\n" };
const typeOf = (path: string) => `grep " ${path} " /proc/self/mountinfo | grep -o -e '- [a-z]*'`;
/** What was written below the entry that is the `n`th of the plan. */
const upper = (n: number) => `cd /.statelite/overlay/${n}/upper && find . ! -name . | sort`;

const rows: readonly Row[] = [
  ...["overlay /d/", "tmpfs,overlay /d/", "overlay,rw /d/"].map((row) => ({
    rule: `"${row}": the first source's directory, to be written to, where it is`,
    spec: { litefile: [row], image, sources: [{ "d/a": "one\n" }, { "d/a": "two\n" }] },
    see: {
      "cat /d/a": "one",
      [typeOf("/d")]: "- overlay",
      [upper(0)]: "",
      "[ $(stat -c %d /d) = $(stat -c %d /d/a) ] && echo one device": "one device",
      "echo new >/d/a; cat /d/a /.statelite/tmpfs/d/a /.statelite/mnt/mn/source1/d/a": "new\nnew\none",
      "cd /.statelite/overlay/0/upper; find . -type f; cat a": "./a\nnew",
    },
  })),
  {
    rule: '"link,overlay": behind the image\'s symlink',
    spec: { litefile: ["link,overlay /d/"], image },
    see: {
      "readlink /d": "./.statelite/tmpfs/d",
      "cat /d/a /d/sub/b": "image a\nimage b",
      [typeOf("/.statelite/tmpfs/d")]: "- overlay",
      "rm -r /d/sub; ls /d /.default/d": "/.default/d:\na\nsub\n\n/d:\na",
    },
  },
  {
    rule: "statelite.tmpfs=overlay: every volatile directory, and files are copied",
    spec: {
      litefile: ["tmpfs /d/", "link /e/", "tmpfs /file", "tmpfs /list/"],
      image: { ...image, "e/x": "x\n", "list/y": "y\n" },
      settings: "statelite.strict=0 statelite.tmpfs=overlay",
    },
    see: {
      "cat /d/a /e/x /file /list/y": "image a\nx\nimage\ny",
      "echo new >/file; cat /file": "new",
      [typeOf("/file")]: "- tmpfs",
      [`${typeOf("/d")}; ${typeOf("/.statelite/tmpfs/e")}; ${typeOf("/list")}`]:
        "- overlay\n- overlay\n- overlay",
    },
  },
  {
    rule: "a row that is a file is copied, whatever it says",
    spec: { litefile: ["overlay /file", "link,overlay /d/a"], image, sources: [{ file: "one\n" }] },
    see: { "cat /file /d/a": "one\nimage a", [typeOf("/file")]: "- tmpfs" },
  },
  {
    rule: "a winner that is a symlink to a directory of its tree is shown as that directory",
    spec: { litefile: ["overlay /d/"], image, sources: [{ d: { link: "/real" }, "real/x": "x\n" }] },
    see: { "ls /d; cat /d/x": "x\nx", [typeOf("/d")]: "- overlay" },
  },
  {
    rule: "tmpfs rows inside an overlay are written to its upper layer, in place of what lies below",
    spec: {
      litefile: ["overlay /var/", "tmpfs /var/list", "tmpfs /var/lib/ntp/", "tmpfs /var/log/app/x"],
      image: {
        "var/list": "image\n",
        "var/lib/other": "other\n",
        "var/lib/ntp/drift": "image\n",
        "var/lib/ntp/keys/k": "image\n",
        "var/log/app/x": "image\n",
        "var/log/app/y": "image y\n",
        "var/z": "image z\n",
      },
      sources: [{ "var/list": "one\n", "var/lib/ntp/drift": "one\n", "var/log/app/x": "one\n" }],
    },
    see: {
      "cd /var; find . -type f | sort": "./lib/ntp/drift\n./lib/other\n./list\n./log/app/x\n./log/app/y\n./z",
      "cd /var; cat list lib/ntp/drift log/app/x log/app/y lib/other z":
        "one\none\none\nimage y\nother\nimage z",
      [upper(1)]: "./lib\n./lib/ntp\n./lib/ntp/drift\n./list\n./log\n./log/app\n./log/app/x",
      [typeOf("/var/lib/ntp")]: "",
      "rm -r /var/lib/ntp; ls -A /var/lib": "other",
    },
  },
  {
    rule: "rows that need a mount of their own inside an overlay are bound on top of it",
    spec: {
      litefile: ["overlay /var/", "persistent /var/db/", "ro /var/key", "con /var/list"],
      image: { "var/x": "x\n", "var/db/y": "y\n", "var/key": "key\n", "var/list": "list\n" },
      sources: [{ "var/db/z": "z\n", "var/list": "one\n" }, { "var/list": "two\n" }],
      state: {},
    },
    see: {
      "cat /var/x /var/db/z /var/key /var/list; ls /var /var/db":
        "x\nz\nkey\none\ntwo\n/var:\ndb\nkey\nlist\nx\n\n/var/db:\nz",
      "echo new >/var/key": "sh: can't create /var/key: Read-only file system",
      "echo new >/var/db/w; cat /.statelite/persistent/n01/var/db/w": "new",
    },
  },
  {
    rule: "an overlay inside an overlay, each with its own winner",
    spec: {
      litefile: ["overlay /var/", "overlay /var/lib/", "overlay /var/lib/app/"],
      image: { "var/x": "x\n", "var/lib/y": "y\n", "var/lib/app/z": "z\n" },
      sources: [{ "var/lib/app/one": "one\n" }],
    },
    see: {
      "cd /var; find . | sort": ".\n./lib\n./lib/app\n./lib/app/one\n./lib/y\n./x",
      [`${typeOf("/var")}; ${typeOf("/var/lib")}; ${typeOf("/var/lib/app")}`]:
        "- overlay\n- overlay\n- overlay",
      "echo new >/var/lib/app/one; echo new >/var/lib/n; cat /var/lib/app/one /var/lib/n": "new\nnew",
      [upper(3)]: "./one",
    },
  },
  {
    rule: "an overlay inside a copy, and inside a link's",
    spec: {
      litefile: ["tmpfs /var/", "overlay /var/lib/", "link /root/", "link,overlay /root/big/"],
      image: { "var/x": "x\n", "var/lib/y": "y\n", "root/.rc": "rc\n", "root/big/z": "z\n" },
    },
    see: {
      "cat /var/x /var/lib/y /root/.rc /root/big/z": "x\ny\nrc\nz",
      [`${typeOf("/var")}; ${typeOf("/var/lib")}; ${typeOf("/.statelite/tmpfs/root/big")}`]:
        "- tmpfs\n- overlay\n- overlay",
      "echo new >/root/big/n; cat /.statelite/tmpfs/root/big/n": "new",
    },
  },
  {
    rule: "an overlay with blanks, colons, commas and backslashes in its path",
    spec: { litefile: ["overlay /a b:c,d\\e/"], image: { "a b:c,d\\e/x": "x\n" } },
    see: { "cd /a*; cat x; echo new >y; cat y": "x\nnew" },
  },
  {
    rule: "what is private by the directories above it is not reached by way of the layers",
    spec: {
      litefile: ["overlay /secret/sub/"],
      image: { secret: { mode: 0o700 }, "secret/sub/a": "a\n" },
    },
    see: { "stat -c %a /.statelite/overlay/1 /.statelite/tmpfs/secret": "700\n700" },
  },
  {
    rule: "a symlink where directories lead to a row inside: the row fails, as in a copy",
    spec: {
      litefile: ["overlay /var/", "tmpfs /var/lib/a"],
      image: { "var/lib/a": "image\n" },
      sources: [{ "var/lib": { link: "/nowhere" }, "var/own": "own\n" }],
    },
    see: { "cat /var/own; readlink /var/lib": "own\n/nowhere" },
    problems: ["op-copy /var/lib/a"],
  },
  {
    rule: "words of overlays in a source do not act: opaque, redirect, origin",
    spec: {
      litefile: ["overlay /d/", "tmpfs /d/child/", "tmpfs /d/opaque/in"],
      image: { "d/x": "image\n", "d/child/x": "image\n", "d/opaque/in": "in\n" },
      sources: [
        { "d/opaque/a": "a\n", "d/moved/b": "b\n", "d/elsewhere/c": "c\n", "d/origin/e": "e\n" },
        { "d/child/f": "f\n", "d/child/moved/g": "g\n" },
      ],
      arrange: (places) => {
        mark(places, 1, "opaque", { opaque: "y" });
        mark(places, 1, "moved", { redirect: "/elsewhere" });
        mark(places, 1, "origin", { origin: "nonsense" });
        mark(places, 1, "", { opaque: "y", redirect: "/", impure: "y" });
        mark(places, 2, "child", { redirect: "/elsewhere" });
        mark(places, 2, "child/moved", { redirect: "/elsewhere", opaque: "x" });
      },
    },
    see: {
      "cd /d; find . -type f | sort":
        "./child/f\n./child/moved/g\n./elsewhere/c\n./moved/b\n./opaque/a\n./opaque/in\n./origin/e",
      "cd /d; echo new >moved/n; echo new >origin/e; cat moved/b moved/n origin/e": "b\nnew\nnew",
    },
  },
  {
    rule: "a metadata copy in a source cannot be read, and shows nothing else in its place",
    spec: {
      litefile: ["overlay /d/"],
      image: { "d/x": "image\n" },
      sources: [{ "d/fake": "fake\n", "d/secret": "secret\n" }],
      arrange: (places) => mark(places, 1, "fake", { metacopy: "", redirect: "/secret" }),
    },
    see: { "cat /d/secret; cat /d/fake": "secret\ncat: can't open '/d/fake': Operation not permitted" },
  },
  {
    rule: "a whiteout in a source hides nothing but itself",
    spec: {
      litefile: ["overlay /d/"],
      image: { "d/gone": "image\n", "d/x": "image\n" },
      sources: [{ "d/y": "y\n" }],
      arrange: ({ source }) => {
        run("/usr/bin/mknod", [join(source(1), "d/gone"), "c", "0", "0"]);
      },
    },
    see: { "ls -A /d": "y", "echo new >/d/gone; cat /d/gone": "new" },
  },
];

function mark({ source }: Places, position: number, path: string, words: Readonly<Record<string, string>>) {
  for (const [word, value] of Object.entries(words))
    setXattr(join(source(position), "d", path), {
      name: `trusted.overlay.${word}`,
      value: Buffer.from(value),
    });
}

testRows("an overlay", rows);

/** Everything that a copy keeps, and rows inside it at all depths. */
const everything: NodeSpec = {
  litefile: ["tmpfs /d/", "tmpfs /d/in/child", "tmpfs /d/in/deep/down/", "persistent /d/kept/"],
  image: {
    "d/plain": { text: "plain\n", mode: 0o640, owner: [5, 6] },
    "d/set": { text: "#!\n", mode: 0o6755 },
    "d/in/child": "image\n",
    "d/in/deep/down/x": "x\n",
    "d/in/deep/beside": "beside\n",
    "d/kept/k": "k\n",
    "d/private": { mode: 0o700, owner: [7, 8] },
    "d/private/p": "p\n",
    "d/link": { link: "plain" },
    "d/away": { link: "/nowhere" },
    "d/empty": null,
  },
  state: {},
  arrange: ({ image: top }) => {
    linkSync(join(top, "d/plain"), join(top, "d/second"));
    for (const words of ["fifo p", "null c 1 3", "disk b 7 0"])
      run("/usr/bin/mknod", `${top}/d/${words}`.split(" "));
    setXattr(join(top, "d/plain"), { name: "user.note", value: Buffer.from("kept") });
    chownSync(join(top, "d/in"), 9, 9);
    chmodSync(join(top, "d/in/deep"), 0o1777);
    run("/usr/bin/find", [join(top, "d"), "-exec", "/usr/bin/touch", "-h", "-d", "@2000000.25", "{}", "+"]);
  },
};

test("an overlay and a copy look the same, with all attributes, and rows inside", async () => {
  const seen = [];
  for (const way of ["copy", "overlay"]) {
    await using node = await makeNode({ ...everything, settings: `statelite.tmpfs=${way}` });
    expect(problemLines(node.problems)).toEqual([]);
    const top = join(node.root, "d");
    seen.push({
      ...{ inventory: withoutAccess(inventory(top)), links: hardLinks(top), devices: devices(top) },
      ...{ sums: checksums(top), names: readdirSync(top).sort() },
    });
  }
  expect(seen[1]).toEqual(seen[0]);
});

/** Access times of what is shown where it lies are those of the last look. */
function withoutAccess(found: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(found).map(([path, text]) => [path, text.replace(/ atime \S+/, "")]),
  );
}
