import { afterAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutOpenat2 } from "../../agent/kernel/tree.ts";
import { checksums, inventory, run } from "./inventory.ts";
import { makeNode } from "./node.ts";
import { expectRow, type Row } from "./rows.ts";

/**
 * Semantics section 5 rule 6: sources, state and image full of enemies. What lies outside the root is a canary: it
 * must stay as it is, and its song must never be heard inside. Everything is done with openat2 and without.
 */

const canary = mkdtempSync(join(tmpdir(), "statelite-canary-"));
const SONG = "a canary outside the root\n";
for (const path of ["etc/shadow", "a", "d/x", "d/own"]) {
  mkdirSync(join(canary, path, ".."), { recursive: true });
  writeFileSync(join(canary, path), SONG);
}
// The checksums first: they change access times.
const untouched = { sums: checksums(canary), names: inventory(canary) };
afterAll(() => rmSync(canary, { recursive: true }));

/** Files that say whose they are. */

const images = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "image\n"]));

/** Processes that a row has started. */
const growing: ChildProcess[] = [];

/** All the ways out, as links. */
const out = (path: string) => [
  `${canary}/${path}`,
  `../../../../../../..${canary}/${path}`,
  `/proc/1/root${canary}/${path}`,
  `/proc/self/root${canary}/${path}`,
];

const rows: readonly Row[] = [
  ...out("a").map(
    (link): Row => ({
      rule: `a source's file is a symlink: ${link.replace(canary, "CANARY")}`,
      spec: {
        litefile: [
          "tmpfs /a",
          "ro /b",
          "con /c",
          "persistent /p",
          "link,ro /l",
          "link,con /m",
          "link,persistent /n",
        ],
        image: {
          a: "image\n",
          b: "image\n",
          c: "image\n",
          p: "image\n",
          l: "image\n",
          m: "image\n",
          n: "image\n",
        },
        sources: [Object.fromEntries(["a", "b", "c", "p", "l", "m", "n"].map((name) => [name, { link }]))],
        state: {},
      },
      see: { "cat /a /b /c /p /l /m /n": Array(7).fill("image").join("\n") },
    }),
  ),
  ...out("d").map(
    (link): Row => ({
      rule: `a source's directory is a symlink: ${link.replace(canary, "CANARY")}`,
      spec: {
        litefile: ["tmpfs /d/", "tmpfs /e/x", "ro /r/", "persistent /p/"],
        image: { "d/x": "image\n", "e/x": "image\n", "r/x": "image\n", "p/x": "image\n" },
        sources: [{ d: { link }, e: { link }, r: { link }, p: { link } }],
        state: {},
      },
      see: { "cat /d/x /e/x /r/x /p/x": "image\nimage\nimage\nimage" },
    }),
  ),
  {
    rule: "a symlink of a source is copied as it is, and leads on the node where it would there",
    spec: {
      litefile: ["link /etc/shadow", "tmpfs /d/"],
      image: { "etc/shadow": "image\n", "d/x": "" },
      sources: [
        {
          "etc/shadow": { link: `${canary}/etc/shadow` },
          "d/x": { link: `../../../../${canary}/d/x` },
          "d/y": "y\n",
        },
      ],
    },
    see: {
      "cat /etc/shadow": "cat: can't open '/etc/shadow': No such file or directory",
      "cat /d/y /d/x": "y\ncat: can't open '/d/x': No such file or directory",
    },
  },
  {
    rule: "a state area in which directories and files were replaced by symlinks",
    spec: {
      litefile: ["persistent /etc/a", "persistent /d/", "persistent /f", "link,persistent /g"],
      image: { "etc/a": "image\n", "d/x": "image\n", f: "image\n", g: "image\n" },
      state: {
        etc: { link: canary },
        d: { link: `${canary}/d` },
        f: { link: "../../../../etc/shadow" },
        g: { link: "g" },
      },
    },
    see: { "cat /etc/a /d/x /f": "image\nimage\nimage" },
    problems: ["state-kind /d/", "state-kind /etc/a", "state-kind /f", "state-kind /g"],
  },
  {
    rule: "a state area whose link for an entry below another would be mounted over the node's own file",
    spec: {
      litefile: ["persistent /db/", "persistent /db/a"],
      image: { "db/a": "default\n", "etc/shadow": "secret\n" },
      state: { "db/a": { link: "../etc/shadow" }, "etc/shadow": "stolen\n" },
    },
    see: { "cat /etc/shadow": "secret" },
    problems: ["op-bind /db/a"],
  },
  {
    rule: "a local disk that has a symlink where the mount point of a row must be",
    spec: {
      litefile: ["localdisk /data/", "ro /data/key"],
      image: { "data/key": "key\n", "etc/shadow": "secret\n" },
      localDisk: { "data/key": { link: "../etc/shadow" }, "data/x": "x\n" },
    },
    see: { "cat /etc/shadow /data/x": "secret\nx" },
    problems: ["op-mountpoint /data/key"],
  },
  {
    rule: "a state area that has a FIFO, a device, a socket where files are expected",
    spec: {
      litefile: ["persistent /fifo", "persistent /zero", "persistent /d/", "link,persistent /link"],
      image: { fifo: "image\n", zero: "image\n", "d/x": "image\n", link: "image\n" },
      state: {},
      arrange: ({ state }) => {
        for (const words of ["fifo p", "zero c 1 5", "d p", "link p"])
          run("/usr/bin/mknod", `${state}/${words}`.split(" "));
      },
    },
    see: { "stat -c %F /fifo /zero": "fifo\ncharacter special file", "cat /d/x": "image" },
    problems: ["state-kind /d/"],
  },
  {
    rule: "sources that have FIFOs, devices and sockets where con wants files: they are passed over",
    spec: {
      litefile: ["con /c", "link,con /l", "con /s", "tmpfs /d/"],
      image: { c: "image\n", l: "image\n", s: "image\n", "d/x": "image\n" },
      sources: [{}, { c: "two\n" }],
      arrange: ({ source }) => {
        for (const words of ["c p", "l c 1 5", "d p"])
          run("/usr/bin/mknod", `${source(1)}/${words}`.split(" "));
        const server = createServer().listen(join(source(1), "s"));
        server.unref();
      },
    },
    see: { "cat /c /l /s /d/x": "two\nimage\nimage\nimage" },
  },
  {
    rule: "FIFOs and endless devices as content do not block, and are there as they are",
    spec: {
      litefile: ["tmpfs /fifo", "link /zero", "ro /null", "tmpfs /d/"],
      image: { fifo: "", zero: "", null: "", "d/x": "" },
      arrange: ({ image }) => {
        for (const name of ["fifo p", "zero c 1 5", "null c 1 3", "d/fifo p", "d/zero c 1 5"]) {
          rmSync(join(image, name.split(" ")[0] ?? ""), { force: true });
          run("/usr/bin/mknod", `${image}/${name}`.split(" "));
        }
      },
    },
    see: {
      "stat -Lc %F /fifo /zero /null /d/fifo /d/zero":
        "fifo\ncharacter special file\ncharacter special file\nfifo\ncharacter special file",
    },
  },
  {
    rule: "entries whose path leads through a file, a FIFO or a link loop are not there",
    spec: {
      litefile: ["tmpfs /a"],
      image: { a: "a\n", file: "", loop: { link: "loop2" }, loop2: { link: "loop" } },
      sources: [{ "file/x": "", fifo: "", "loop/x": "x\n" }],
      spoil: (image) => run("/usr/bin/mkfifo", [`${image}/fifo`]),
      late: ["tmpfs /file/x", "tmpfs /fifo/x", "tmpfs /loop/x", "tmpfs /loop"],
    },
    see: { "cat /a": "a" },
    problems: ["target-missing /file/x", "target-missing /loop/x", "unresolved /fifo/x", "unresolved /loop"],
  },
  ...out("d").map(
    (link): Row => ({
      rule: `everything is replaced by a symlink once it was looked at: ${link.replace(canary, "CANARY")}`,
      spec: {
        litefile: [
          ...["tmpfs /a", "ro /b", "con /c", "persistent /p", "persistent /k", "link /s"],
          ...["tmpfs /d/", "ro /r/", "overlay /o/", "persistent /q/", "tmpfs /v/x"],
        ],
        image: { ...images("a", "b", "c", "p", "k", "s"), ...images("d/x", "r/x", "o/x", "q/x", "v/x") },
        sources: [{ ...images("a", "b", "c", "p", "s"), ...images("d/x", "r/x", "o/x", "q/x", "v/x") }],
        state: { k: "kept\n" },
        planned: ({ source, state }) => {
          for (const name of ["a", "b", "c", "p", "s", "d", "r", "o", "q", "v"]) {
            rmSync(join(source(1), name), { recursive: true });
            symlinkSync(link, join(source(1), name));
          }
          rmSync(join(state, "k"));
          symlinkSync(link, join(state, "k"));
        },
      },
      see: { "cat /a /b /c /d/x /r/x /o/x": Array(6).fill("image").join("\n") },
      problems: [
        ...["op-bind /b", "op-bind /k", "op-bind /r/", "op-concatenate /c", "op-copy /a", "op-copy /d/"],
        ...["op-copy /v/x", "op-overlay /o/", "op-seed /p", "op-seed /q/"],
        // A symlink is copied as it is, and leads to nothing.
        ...["verify /s", "verify /s"],
      ],
    }),
  ),
  {
    rule: "files that grow without end are copied as far as they had grown",
    spec: {
      litefile: ["tmpfs /log", "con /all", "tmpfs /d/", "persistent /kept"],
      image: images("log", "all", "d/log", "kept"),
      sources: [{ log: "1\n", all: "1\n", "d/log": "1\n", kept: "1\n" }],
      state: {},
      planned: ({ source }) => {
        const files = ["log", "all", "d/log", "kept"].map((name) => join(source(1), name));
        // Not for ever: whatever becomes of this test, the disk is not filled.
        const grow =
          'n=0; while [ $n -lt 3000 ]; do n=$((n+1)); for f; do head -c 10000 /dev/zero | tr "\\0" x >>"$f"; done; done';
        growing.push(spawn("/bin/sh", ["-c", grow, "sh", ...files], { stdio: "ignore" }));
        while (statSync(join(source(1), "kept")).size < 100_000) Bun.sleepSync(1);
      },
      meanwhile: () => {
        for (const child of growing.splice(0)) child.kill("SIGKILL");
      },
    },
    see: {
      "head -n 1 /log; head -n 1 /all; head -n 1 /d/log; head -n 1 /kept": "1\n1\n1\n1",
      "for f in /log /all /d/log /kept; do [ $(stat -c %s $f) -gt 90000 ] && echo grown; done":
        "grown\ngrown\ngrown\ngrown",
    },
  },
  {
    rule: "link loops in a source and in the state",
    spec: {
      litefile: ["tmpfs /a", "tmpfs /d/x", "persistent /p"],
      image: { a: "image\n", "d/x": "image\n", p: "image\n" },
      sources: [{ a: { link: "b" }, b: { link: "a" }, d: { link: "e" }, e: { link: "d" } }],
      state: { p: { link: "p" } },
    },
    see: { "cat /a /d/x /p": "image\nimage\nimage" },
    problems: ["state-kind /p"],
  },
  {
    rule: "an image whose links lead out by .. and by absolute paths: they lead inside",
    spec: {
      litefile: ["tmpfs /etc/a", "tmpfs /var/run/x", "tmpfs /var/lock/y"],
      image: {
        "etc2/a": "image\n",
        etc: { link: "../../../../etc2" },
        "run/x": "run\n",
        "var/run": { link: "/run" },
        "lock/y": "lock\n",
        "var/lock": { link: "../../../lock" },
      },
      sources: [{ "etc/a": "one\n" }],
    },
    see: { "cat /etc/a /etc2/a /var/run/x /run/x /lock/y": "one\none\nrun\nrun\nlock" },
  },
  {
    rule: "an image in which a target's directory leads to what is only outside",
    spec: {
      litefile: ["tmpfs /d/x"],
      image: { "d/x": "image\n" },
      spoil: (image) => {
        renameSync(join(image, "d"), join(image, "was-d"));
        symlinkSync(canary, join(image, "d"));
      },
    },
    see: { "cat /was-d/x": "image" },
    problems: ["target-missing /d/x"],
  },
  {
    rule: "an image whose .default leads out: nothing of it is used",
    spec: {
      litefile: ["tmpfs /a", "tmpfs /b"],
      image: { a: "image\n", b: "image\n" },
      sources: [{ b: "one\n" }],
      spoil: (image) => {
        rmSync(join(image, ".default"), { recursive: true });
        symlinkSync(canary, join(image, ".default"));
      },
    },
    see: { "cat /a /b": "image\none" },
    problems: ["unresolved /a", "unresolved /etc/mtab"],
  },
  {
    rule: "an image whose links lead rows to the agent's own directories, or to the root itself",
    spec: {
      litefile: ["tmpfs /a"],
      late: [
        "persistent /v/x/",
        "tmpfs /y/",
        "ro /z/tmpfs/",
        "con /w/x",
        "tmpfs /twice/",
        "persistent /top/",
      ],
      image: {
        a: "image\n",
        "v/x": { link: "/.statelite" },
        y: { link: ".statelite/mnt" },
        z: { link: ".statelite" },
        w: { link: ".default" },
        twice: { link: "v/x" },
        top: { link: "." },
      },
      sources: [
        {
          ...{
            "v/x/report.json": { link: `${canary}/a` },
            "y/b": "",
            "z/tmpfs/b": "",
            "w/x": "",
            "twice/b": "",
          },
          "top/b": "",
        },
      ],
      state: {},
    },
    see: { "cat /a": "image", "ls /.statelite": "mnt\npersistent\ntmpfs" },
    problems: ["/top/", "/twice/", "/v/x/", "/w/x", "/y/", "/z/tmpfs/"].map(
      (path) => `litefile-path ${path}`,
    ),
  },
  {
    rule: "an image whose .statelite is a symlink, even one inside: there is no boot",
    spec: {
      litefile: ["tmpfs /a"],
      image: { a: "image\n", elsewhere: null },
      spoil: (image) => {
        rmSync(join(image, ".statelite"), { recursive: true });
        symlinkSync("elsewhere", join(image, ".statelite"));
      },
    },
    see: { "cat /a; ls /elsewhere": "image" },
    problems: ["volatile /.statelite in the image"],
  },
  {
    rule: "a copy whose links lead its children elsewhere: they stay in the tmpfs",
    spec: {
      litefile: ["tmpfs /var/", "tmpfs /var/lib/a", "ro /var/lib/b"],
      image: { "var/lib/a": "image\n", "var/lib/b": "image\n" },
      sources: [{ "var/lib": { link: canary }, "var/own": "own\n" }],
    },
    see: { "cat /var/own": "own" },
    problems: ["op-copy /var/lib/a", "op-mountpoint /var/lib/b"],
  },
  {
    rule: "a source that lies inside another one, by a symlink there: it is not mounted elsewhere",
    spec: {
      litefile: ["tmpfs /a"],
      image: { a: "image\n", "etc/x": "mine\n" },
      sources: [
        { sub: { link: "../../../../etc" }, real: null, other: "" },
        { a: "two\n", "etc/x": "theirs\n" },
        { a: "three\n" },
      ],
      litetree: [
        { row: "mn:/source1", source: 1 },
        { row: "mn:/source1/sub", source: 2 },
        { row: "mn:/source1/real", source: 3 },
      ],
    },
    see: { "cat /a": "three", "cat /etc/x": "mine", "cat /.statelite/mnt/mn/source1/real/a": "three" },
    problems: ["source-mount mn:/source1/sub"],
  },
  {
    rule: "a source of the image itself that is a symlink, or is not there",
    spec: {
      litefile: ["tmpfs /a", "tmpfs /b"],
      image: {
        a: "image\n",
        b: "image\n",
        "srv/tree/a": "tree\n",
        via: { link: "/srv/tree" },
        out: { link: canary },
      },
      litetree: [{ row: "/out" }, { row: "/nothing" }, { row: "/via" }],
    },
    see: { "cat /a /b": "tree\nimage" },
  },
];

describe.each(["with openat2", "without openat2"])("nothing leads out of the root, %s", (way) => {
  for (const row of rows) {
    test(row.rule, async () => {
      const make = () => makeNode(row.spec);
      await using node = way === "with openat2" ? await make() : await withoutOpenat2(make);
      expectRow(node, row);
      const heard = node.shell(
        `find / -xdev -type f -exec grep -l '${SONG.trim()}' {} +; find /.statelite -type f -size -9 -exec grep -l '${SONG.trim()}' {} +`,
      );
      expect(heard).toBe("");
      expect({ sums: checksums(canary), names: inventory(canary) }).toEqual(untouched);
    });
  }
});
