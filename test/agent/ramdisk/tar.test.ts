import { describe, expect, test } from "bun:test";
import { readTar } from "../../../agent/ramdisk/tar.ts";
import { paxRecord, readIn, type TarMember, tar, tarMember } from "./archives.ts";

const PIECES = [1, 100, 513, 1 << 20];
const LONG = `${"directory/".repeat(20)}name`;

/** What one member becomes, with the headers before it. */
const rows: Readonly<Record<string, readonly [readonly TarMember[], object]>> = {
  "a file": [
    [{ name: "./a", data: "content" }],
    { kind: "file", path: "a", mode: 0o644, uid: 3, gid: 4, content: "content" },
  ],
  "a file of the time before POSIX": [
    [{ name: "a", type: "\0", magic: "", data: "x" }],
    { kind: "file", content: "x" },
  ],
  "a directory of that time": [[{ name: "a/", type: "\0", magic: "" }], { kind: "directory", path: "a" }],
  "a directory": [
    [{ name: "a/", type: "5", mode: "0001777\0" }],
    { kind: "directory", path: "a", mode: 0o1777 },
  ],
  "a symlink": [[{ name: "a", type: "2", link: "../b" }], { kind: "symlink", target: "../b" }],
  "a hard link": [[{ name: "a", type: "1", link: "./b" }], { kind: "hardlink", target: "b", size: 0 }],
  "a character device": [[{ name: "a", type: "3" }], { kind: "character", major: 1, minor: 5 }],
  "a block device": [[{ name: "a", type: "4" }], { kind: "block", major: 1, minor: 5 }],
  "a FIFO": [[{ name: "a", type: "6" }], { kind: "fifo" }],
  "ustar's prefix": [[{ name: "b", prefix: "a/c" }], { path: "a/c/b" }],
  "no prefix in GNU tar's own form": [[{ name: "b", prefix: "junk", magic: "ustar  \0" }], { path: "b" }],
  "an absolute path": [[{ name: "/etc/passwd" }], { path: "etc/passwd" }],
  "GNU's long name": [
    [
      { name: "././@LongLink", type: "L", data: `${LONG}\0` },
      { name: LONG.slice(0, 100), data: "x" },
    ],
    { path: LONG, content: "x" },
  ],
  "GNU's long link": [
    [
      { name: "././@LongLink", type: "K", data: `${LONG}\0` },
      { name: "a", type: "2", link: LONG.slice(0, 100) },
    ],
    { kind: "symlink", target: LONG },
  ],
  "a label is no member": [[{ name: "backup", type: "V" }, { name: "a" }], { path: "a" }],
  "numbers in base 256": [
    [{ name: "a", patch: { 108: "\x80\0\0\0\x01\0\0\0", 136: `${"\xff".repeat(12)}` } }],
    { uid: 1 << 24, mtimeNs: -1_000_000_000n },
  ],
  "pax: path, owner and time to the nanosecond": [
    [
      {
        name: "x",
        type: "x",
        data: Buffer.concat([
          paxRecord("path", "Lösung"),
          paxRecord("uid", "3000000"),
          paxRecord("mtime", "-1.5"),
          paxRecord("comment", "of no concern"),
        ]),
      },
      { name: "a", data: "x" },
    ],
    { path: Buffer.from("Lösung").toString("latin1"), uid: 3_000_000, gid: 4, mtimeNs: -1_500_000_000n },
  ],
  "pax: a size beyond what the header can say": [
    [
      { name: "x", type: "x", data: paxRecord("size", "3") },
      { name: "a", data: "abc", size: 0 },
    ],
    { size: 3, content: "abc" },
  ],
  "pax: extended attributes, the ones that a copy keeps": [
    [
      {
        name: "x",
        type: "x",
        data: Buffer.concat([
          paxRecord("SCHILY.xattr.user.note", "a=b\nc"),
          paxRecord("SCHILY.xattr.security.capability", Buffer.from([1, 0, 2])),
          paxRecord("SCHILY.xattr.system.nfs4_acl", "no"),
        ]),
      },
      { name: "a" },
    ],
    {
      xattrs: [
        { name: "user.note", value: Uint8Array.from(Buffer.from("a=b\nc")) },
        { name: "security.capability", value: Uint8Array.from([1, 0, 2]) },
      ],
    },
  ],
};

describe("a member", () => {
  for (const [what, [members, expected]] of Object.entries(rows)) {
    test(what, () => {
      for (const size of PIECES) expect(readIn(tar(members), size, readTar)).toMatchObject([expected]);
    });
  }
});

test("pax: what a global header says holds until another one, what a member's own says for that member", () => {
  const entries = readIn(
    tar([
      { name: "g", type: "g", data: paxRecord("uid", "9") },
      { name: "x", type: "x", data: paxRecord("uid", "10") },
      { name: "a" },
      { name: "b" },
    ]),
    64,
    readTar,
  );
  expect(entries.map(({ path, uid }) => `${path} ${uid}`)).toEqual(["a 10", "b 9"]);
});

test("what lies behind the end is not looked at", () => {
  expect(readIn(Buffer.concat([tar([{ name: "a" }]), Buffer.from("junk")]), 100, readTar)).toHaveLength(1);
});

const broken: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  "an archive cut after a member": [tarMember({ name: "a" }), /ends after 512 bytes, in the middle/],
  "one cut in the content": [tar([{ name: "a", data: "x".repeat(600) }]).subarray(0, 1000), /in the middle/],
  "a sum that is wrong": [tar([{ name: "a", sum: 7 }]), /where member 1 should begin there is no tar header/],
  "a size that lies": [
    tar([{ name: "a", data: "x".repeat(600), size: 10 }]),
    /no tar header|a number that is none/,
  ],
  "a negative size": [tar([{ name: "a", patch: { 124: "\xff".repeat(12) } }]), /a number that is none/],
  "a size of 2^70": [
    tar([{ name: "a", patch: { 124: `\x80\0\x40${"\0".repeat(9)}` } }]),
    /a number that is none/,
  ],
  "a number that is none": [
    tar([{ name: "a", patch: { 108: "seven\0" } }]),
    /member 1 has a number that is none/,
  ],
  "a name that goes up": [tar([{ name: "../etc/shadow" }]), /"\.\." in the path/],
  "a hard link that goes up": [
    tar([{ name: "a", type: "1", link: "../../etc/shadow" }]),
    /"\.\." in the path/,
  ],
  "an extended header of 2 GiB": [
    tar([{ name: "x", type: "x", size: 2 ** 31 }]),
    /header of 2147483648 bytes/,
  ],
  "a long name of 2 GiB": [tar([{ name: "x", type: "L", size: 2 ** 31 }]), /header of 2147483648 bytes/],
  "a long name longer than paths are": [
    tar([{ name: "x", type: "L", data: "n".repeat(5000) }, { name: "a" }]),
    /a path of 5000 bytes/,
  ],
  "an extended header whose record is longer than it": [
    tar([{ name: "x", type: "x", data: "99 path=a\n" }, { name: "a" }]),
    /an extended header is damaged/,
  ],
  "an extended header without a length": [tar([{ name: "x", type: "x", data: "path=a\n" }]), /is damaged/],
  "more extended attributes than a file can have": [
    tar([
      {
        name: "x",
        type: "x",
        data: Buffer.concat(
          Array.from({ length: 1000 }, (_, n) => paxRecord(`SCHILY.xattr.user.${"n".repeat(96)}${n}`, "")),
        ),
      },
      { name: "a" },
    ]),
    /more extended attributes than one can have/,
  ],
  "headers without an end of extended attributes for one member": [
    tar(
      Array.from({ length: 20 }, (_, n) => ({
        name: "x",
        type: "x",
        data: paxRecord(`SCHILY.xattr.user.${n}`, Buffer.alloc(60_000)),
      })),
    ),
    /more extended attributes than one can have/,
  ],
  "a sparse file": [tar([{ name: "a", type: "S" }]), /tar --sparse/],
  "a sparse file in pax": [
    tar([{ name: "x", type: "x", data: paxRecord("GNU.sparse.major", "1") }, { name: "a" }]),
    /tar --sparse/,
  ],
  "a kind that there is not": [tar([{ name: "a", type: "M" }]), /of no known kind \("M"\)/],
  "a symlink to nowhere": [tar([{ name: "a", type: "2" }]), /symlink of 0 bytes/],
};

describe("refused", () => {
  for (const [what, [bytes, message]] of Object.entries(broken)) {
    test(what, () => {
      // Byte by byte only what is small.
      for (const size of PIECES.filter((piece) => piece > 1 || bytes.length < 100_000))
        expect(() => readIn(bytes, size, readTar)).toThrow(message);
    });
  }
});
