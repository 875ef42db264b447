import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import invariant from "tiny-invariant";
import type { ProblemCode } from "../../agent/catalogue/catalogue.ts";
import { BootError, type Problem } from "../../agent/errors.ts";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MNT_DETACH } from "../../agent/kernel/constants.ts";
import { listXattrs } from "../../agent/kernel/inode.ts";
import { umount } from "../../agent/kernel/mount.ts";
import { BootLog } from "../../agent/log.ts";
import { mountRamdisk } from "../../agent/ramdisk/ramdisk.ts";
import { type CpioMember, cpio, paxRecord, type TarMember, tar } from "../agent/ramdisk/archives.ts";

/** A root in memory, from a real web server, by the tools that images are packed with, on a real kernel. */

const base = mkdtempSync(join(tmpdir(), "statelite-ramdisk-"));
const image = join(base, "image");
/** What the server answers, by name and in turn; the last answer stays. */
const served = new Map<string, Reply[]>();
/** A file; so much of it and then the end of the connection; or a status. */
type Reply = Buffer | { readonly cut: Buffer } | { readonly status: number; readonly location?: string };
let server: Server;

/** Every kind of inode, and what packing likes to lose. */
const MAKE_IMAGE = `
set -e
mkdir -p etc usr/bin usr/lib .default dev "a b"
ln -s usr/bin bin; ln -s /usr/lib lib
echo root >etc/passwd; chmod 640 etc/passwd; chown 0:42 etc/passwd
printf 'odd' >"a b/caf$(printf '\\351')"
head -c 300000 /dev/urandom >usr/lib/big; touch usr/lib/empty
ln usr/lib/big usr/lib/same; ln usr/lib/big usr/bin/again
cp /bin/busybox usr/bin/busybox; chmod 4755 usr/bin/busybox
mknod dev/null c 1 3; mknod dev/disk b 8 17; mkfifo dev/pipe
mkdir usr/full; for n in $(seq 300); do echo $n >usr/full/$n; done
find . -depth -exec touch -h -d '2020-02-02 02:02:02' {} +
`;

function shell(script: string, cwd = image): string {
  const { status, stdout, stderr } = spawnSync("/bin/bash", ["-c", script], { cwd, timeout: 60_000 });
  invariant(status === 0, `${script}: ${stderr}`);
  return stdout.toString("latin1");
}

/** What can be seen of a tree; inode numbers only as far as names share one. Sizes of directories differ. */
function inventory(root: string): string {
  return shell(
    `find . -mindepth 1 \\( -type d -printf '%p d %m %U %G %T@\\n' \\) -o -printf '%p %y %m %U %G %n %s %T@ %l\\n' | LC_ALL=C sort;
     find . -type f -exec md5sum {} + | LC_ALL=C sort; stat -c '%n %t %T' dev/*; ls -i usr/lib/big usr/lib/same usr/bin/again | awk '{print $1}' | uniq | wc -l`,
    root,
  );
}

const PACK: Readonly<Record<string, string>> = {
  "cpio.gz": "find . | cpio -o -H newc --quiet | gzip -1",
  "cpio.xz": "find . | cpio -o -H newc --quiet | xz -1",
  "cpio.zst": "find . | cpio -o -H newc --quiet | zstd -1 -q",
  "cpio without compression": "find . | cpio -o -H newc --quiet",
  "cpio with checksums": "find . | cpio -o -H crc --quiet | gzip -1",
  "cpio without its directories": "find . ! -type d -o -name 'a b' -o -empty | cpio -o -H newc --quiet",
  // As packimage makes its list where an include names what is in it already.
  "cpio of a list with names twice":
    "(find .; find usr/lib usr/bin; find usr/lib usr/bin; find usr/lib) | cpio -o -H newc --quiet",
  "tar.gz, GNU": "tar -c --format=gnu . | gzip -1",
  "tar.xz, pax": "tar -c --format=posix . | xz -1",
  "tar.zst, ustar": "tar -c --format=ustar . | zstd -1 -q",
  sfs: `mksquashfs . ${base}/made.sfs -quiet -no-progress -noappend >&2 && cat ${base}/made.sfs`,
};

beforeAll(async () => {
  invariant(
    readlinkSync("/proc/self/ns/mnt") !== readlinkSync(`/proc/${process.ppid}/ns/mnt`),
    "this test mounts: run it by npm test, or under unshare --mount",
  );
  mkdirSync(image);
  shell(MAKE_IMAGE);
  server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? "").slice(1));
    const replies = served.get(name) ?? [{ status: 404 }];
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (reply === undefined) return;
    if (Buffer.isBuffer(reply)) {
      response.writeHead(200, { "content-length": reply.length }).end(reply);
    } else if ("cut" in reply) {
      response.writeHead(200, { "content-length": reply.cut.length + 1 });
      response.write(reply.cut, () => response.destroy());
    } else
      response
        .writeHead(reply.status, reply.location === undefined ? {} : { location: reply.location })
        .end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  server.close();
  rmSync(base, { recursive: true });
});

function address(name: string): string {
  const at = server.address();
  invariant(typeof at === "object" && at !== null);
  return `http://mn.test:${at.port}/${encodeURIComponent(name)}`;
}

interface Made {
  readonly root: string;
  readonly problem?: Problem;
  readonly log: readonly string[];
  [Symbol.dispose](): void;
}

let count = 0;

async function make(name: string, options: { limit?: string; timeout?: number } = {}): Promise<Made> {
  const root = join(base, `root${++count}`);
  mkdirSync(root);
  const log = new BootLog({ console: () => undefined, now: () => 0, verbose: false });
  const { timeout = 5, ...limit } = options;
  let problem: Problem | undefined;
  try {
    await mountRamdisk(
      { url: address(name), target: root, timeout, ...limit },
      {
        ...{ calls: directCalls, log, trust: { mode: "insecure" }, silence: 2000 },
        resolve: (host) => Promise.resolve(host === "mn.test" ? ["127.0.0.1"] : []),
        loadModules: () => Promise.resolve(),
      },
    );
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    problem = error.problems[0];
  }
  return {
    root,
    ...(problem && { problem }),
    log: log.lines.map(({ text }) => text),
    [Symbol.dispose]: () => {
      while (mountsAt(root).length > 0) umount(root, MNT_DETACH);
    },
  };
}

function mountsAt(root: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(` ${root} `));
}

describe("is the tree that was packed", () => {
  for (const [name, script] of Object.entries(PACK)) {
    test(name, async () => {
      const packed = spawnSync("/bin/bash", ["-o", "pipefail", "-c", script], {
        cwd: image,
        maxBuffer: 1 << 28,
      });
      invariant(packed.status === 0, `${packed.stderr}`);
      served.set(name, [packed.stdout]);
      using made = await make(name);
      expect(made.problem).toBeUndefined();
      if (name !== "cpio without its directories") expect(inventory(made.root)).toBe(inventory(image));
      else expect(shell("find . -type f | wc -l", made.root)).toBe(shell("find . -type f | wc -l"));
      // A root that can be written, and is a mount of its own.
      writeFileSync(join(made.root, "etc/new"), "new\n");
      expect(shell("echo more >>etc/passwd; cat etc/new etc/passwd", made.root)).toBe("new\nroot\nmore\n");
      expect(mountsAt(made.root)).toHaveLength(1);
    });
  }
});

test("a directory named again and again takes up memory once; very many are refused", async () => {
  const name = (last: string) => `${"n".repeat(250)}/`.repeat(15) + last;
  const again = Array.from({ length: 20_000 }, () => ({ name: name("x"), mode: 0o40755 }));
  served.set("again", [gzipSync(cpio(again), { level: 1 })]);
  using made = await make("again");
  expect(made.problem).toBeUndefined();
  const many = Array.from({ length: 18_000 }, (_, n) => ({ name: name(String(n)), mode: 0o40755 }));
  served.set("many", [gzipSync(cpio(many), { level: 1 })]);
  using refused = await make("many");
  expect(refused.problem).toMatchObject({
    code: "ramdisk-archive",
    found: expect.stringMatching(/names of its directories or hard links take more than/),
  });
}, 60_000);

test("extended attributes in pax headers are kept, those of other file systems left alone", async () => {
  const records = [
    paxRecord("SCHILY.xattr.security.note", "of some length"),
    paxRecord("SCHILY.xattr.trusted.note", Buffer.from([0, 1, 255])),
    paxRecord("SCHILY.xattr.system.nfs4_acl", "no"),
  ];
  served.set("xattr", [
    tar([
      { name: "x", type: "x", data: Buffer.concat(records) },
      { name: "a", data: "x" },
    ]),
  ]);
  using made = await make("xattr");
  expect(made.problem).toBeUndefined();
  const kept = listXattrs(join(made.root, "a"), false).map(
    ({ name, value }) => `${name}=${[...value].join(" ")}`,
  );
  expect(kept.sort()).toEqual([
    `security.note=${[...Buffer.from("of some length")].join(" ")}`,
    "trusted.note=0 1 255",
  ]);
});

describe("names that come again", () => {
  const symlink = (name: string, data: string) => ({ name, mode: 0o120777, data });
  const directory = (name: string, mode = 0o40755) => ({ name, mode });
  const rows: Readonly<Record<string, readonly [readonly CpioMember[], string, string]>> = {
    "the later file is there": [
      [
        { name: "a", data: "one" },
        { name: "a", data: "2" },
      ],
      "cat a",
      "2",
    ],
    "a file takes a symlink's place, and is not written where that leads": [
      [{ name: "a", data: "one" }, symlink("b", "a"), { name: "b", data: "two" }],
      "cat a b",
      "onetwo",
    ],
    "members lie where the symlinks made before lead": [
      [directory("usr"), directory("usr/lib"), symlink("lib", "/usr/lib"), { name: "lib/x", data: "x" }],
      "cat usr/lib/x",
      "x",
    ],
    "a directory leaves a symlink to a directory as it is": [
      [directory("usr"), symlink("lib", "usr"), directory("lib", 0o40700), { name: "lib/x", data: "x" }],
      "cat usr/x; readlink lib; stat -c %a usr",
      "xusr\n755\n",
    ],
    "a directory takes the place of a symlink to nowhere": [
      [symlink("lib", "gone"), directory("lib"), { name: "lib/x", data: "x" }],
      "cat lib/x; readlink lib || echo directory",
      "xdirectory\n",
    ],
    "a directory again changes its mode and loses nothing": [
      [directory("d"), { name: "d/x", data: "x" }, directory("d", 0o40711)],
      "cat d/x; stat -c %a d",
      "x711\n",
    ],
    "after another symlink took the place of one, members lie where that one leads": [
      [
        directory("a"),
        directory("b"),
        symlink("l", "a"),
        { name: "l/1" },
        symlink("l", "b"),
        { name: "l/2" },
      ],
      "ls a b",
      "a:\n1\n\nb:\n2\n",
    ],
    "a hard link to itself is the file that it was": [
      [
        { name: "a", inode: 7, links: 2 },
        { name: "a", inode: 7, links: 2, data: "late" },
        { name: "a", inode: 7, links: 2 },
      ],
      "cat a; ls",
      "latea\n",
    ],
    "parents that no member made are directories": [
      [{ name: "x/y/z", data: "z" }],
      "cat x/y/z; stat -c %a x/y",
      "z755\n",
    ],
  };
  for (const [what, [members, script, output]] of Object.entries(rows)) {
    test(what, async () => {
      served.set(what, [cpio(members)]);
      using made = await make(what);
      expect(made.problem).toBeUndefined();
      expect(shell(script, made.root)).toBe(output);
    });
  }
});

describe("an archive that reaches outside", () => {
  const outside = join(base, "outside");
  const rows: Readonly<Record<string, readonly TarMember[]>> = {
    "by an absolute symlink": [
      { name: "out", type: "2", link: outside },
      { name: "out/file", data: "x" },
    ],
    "by a relative symlink": [
      { name: "out", type: "2", link: `../../../../../../..${outside}` },
      { name: "out/file", data: "x" },
    ],
    "by a symlink in the file's own place": [
      { name: "file", type: "2", link: `${outside}/file` },
      { name: "file", data: "x" },
    ],
    "by /proc": [
      { name: "out", type: "2", link: "/proc/self/root" },
      { name: `out${outside}/file`, data: "x" },
    ],
    "by a hard link": [
      { name: "in", type: "1", link: `${outside}/secret` },
      { name: "out", type: "2", link: `${outside}/secret` },
      { name: "in", type: "1", link: "out" },
    ],
    "by a directory's attributes": [
      { name: "out", type: "2", link: outside },
      { name: "out", type: "5", mode: "0000777\0" },
    ],
    "by a hard link to a symlink": [
      { name: "out", type: "2", link: `${outside}/secret` },
      { name: "in", type: "1", link: "out" },
      { name: "in", data: "overwritten" },
    ],
  };
  for (const [what, members] of Object.entries(rows)) {
    test(what, async () => {
      rmSync(outside, { recursive: true, force: true });
      mkdirSync(outside, { mode: 0o700 });
      writeFileSync(join(outside, "secret"), "secret");
      served.set(what, [tar(members)]);
      using made = await make(what);
      expect(readdirSync(outside)).toEqual(["secret"]);
      expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
      expect(shell("stat -c '%a %h' . secret", outside)).toBe("700 2\n644 1\n");
      expect(shell("grep -rs secret . || true", made.root)).toBe("");
    });
  }
});

describe("what cannot be a root ends in a message, and in nothing mounted", () => {
  const many = Array.from({ length: 3000 }, (_, n) => ({ name: `f${n}`, data: "x".repeat(1000) }));
  const small = cpio([{ name: "a", data: "content" }]);
  const rows: Readonly<Record<string, readonly [Reply, ProblemCode, RegExp]>> = {
    "more than rootlimit": [
      cpio(many),
      "ramdisk-space",
      /after \d\.\d MB in \d+ files the root is full: its size is rootlimit=1m/,
    ],
    "a bomb in a few bytes": [
      gzipSync(cpio([{ name: "a", data: "\0".repeat(50_000_000) }])),
      "ramdisk-space",
      /rootlimit=1m/,
    ],
    "a squashfs larger than rootlimit": [
      Buffer.concat([superblock(3_000_000n), Buffer.alloc(3_000_000)]),
      "ramdisk-space",
      /rootlimit=1m/,
    ],
    "a squashfs that is cut": [
      Buffer.concat([superblock(3_000_000n), Buffer.alloc(1000)]),
      "ramdisk-archive",
      /in the middle/,
    ],
    "a squashfs of nonsense": [
      Buffer.concat([superblock(4000n), Buffer.alloc(4000)]),
      "ramdisk-unpack",
      /squashfs.*EINVAL/,
    ],
    "content for a second name of what became a device": [
      cpio([
        { name: "a", inode: 7, links: 2 },
        { name: "a", mode: 0o20666, device: [1, 7] },
        { name: "b", inode: 7, links: 2, data: "to the device" },
      ]),
      "ramdisk-archive",
      /link to what is no file/,
    ],
    "an archive that is cut": [
      cpio([{ name: "a", data: "content" }]).subarray(0, 120),
      "ramdisk-archive",
      /ends after 120 bytes/,
    ],
    "a gzip stream that is cut": [
      gzipSync(small).subarray(0, 60),
      "ramdisk-compression",
      /gzip: unexpected end/,
    ],
    "a gzip stream that is damaged": [damaged(gzipSync(small)), "ramdisk-compression", /gzip: /],
    "a zstd stream that is cut": [zstdCompressSync(small).subarray(0, 40), "ramdisk-archive", /./],
    "an xz stream that is cut": [xz(small).subarray(0, 80), "ramdisk-compression", /xz: /],
    "compressed twice": [gzipSync(gzipSync(small)), "ramdisk-archive", /compressed twice \(gzip inside\)/],
    "a web page": [Buffer.from("<html>not found</html>"), "ramdisk-archive", /it is a web page/],
    nothing: [Buffer.alloc(0), "ramdisk-archive", /it is empty/],
    "a file that is not there": [
      { status: 404 },
      "ramdisk-download",
      /HTTP status 404: there is no such file/,
    ],
  };
  for (const [what, [reply, code, message]] of Object.entries(rows)) {
    test(what, async () => {
      served.set(what, [reply]);
      using made = await make(what, { limit: "1m" });
      expect(made.problem?.code).toBe(code);
      expect(made.problem?.found).toMatch(message);
      expect(made.problem?.on).toBe(`imgurl=${address(what)}`);
      expect(mountsAt(made.root)).toEqual([]);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain("/run/statelite/ramdisk");
      expect(
        spawnSync("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"]).stdout.toString(),
      ).not.toContain("ramdisk");
    });
  }
});

test("after a cut connection it begins again, in an empty root", async () => {
  const left = cpio([{ name: "left", data: "x" }]);
  const whole = cpio([{ name: "whole", data: "x" }]);
  // The server dies in the middle of the second file's content.
  const first = Buffer.concat([
    left.subarray(0, left.length - 124),
    cpio([{ name: "b", data: "y".repeat(9000) }]),
  ]);
  served.set("cut", [{ cut: first.subarray(0, 5000) }, { status: 503 }, whole]);
  using made = await make("cut", { timeout: 20 });
  expect(made.problem).toBeUndefined();
  expect(readdirSync(made.root)).toEqual(["whole"]);
  expect(made.log.join("\n")).toMatch(
    /the connection broke after 5000 of 5001 bytes.*; from the start again/,
  );
  expect(made.log.join("\n")).toContain("HTTP status 503; from the start again");
});

test("a server that is never well is given up, and the last failure is told", async () => {
  served.set("ill", [{ status: 503 }]);
  using made = await make("ill", { timeout: 0 });
  expect(made.problem).toMatchObject({
    code: "ramdisk-download",
    found: "the server answers with HTTP status 503",
  });
});

function superblock(used: bigint): Buffer {
  const bytes = Buffer.alloc(96);
  bytes.write("hsqs");
  bytes.writeUInt16LE(4, 28);
  bytes.writeBigUInt64LE(used, 40);
  return bytes;
}

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8((copy[30] ?? 0) ^ 0xff, 30);
  return copy;
}

function xz(bytes: Buffer): Buffer {
  return spawnSync("xz", ["-1"], { input: bytes }).stdout;
}
