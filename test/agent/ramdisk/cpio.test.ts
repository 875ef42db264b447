import { describe, expect, test } from "bun:test";
import { readCpio } from "../../../agent/ramdisk/cpio.ts";
import { Incremental } from "../../../agent/ramdisk/incremental.ts";
import { cpio, cpioMember, readIn } from "./archives.ts";

const PIECES = [1, 3, 64, 1 << 20];

describe("whatever the pieces it comes in", () => {
  for (const size of PIECES) {
    test(`${size} bytes at a time: every kind of member`, () => {
      const archive = cpio([
        { name: ".", mode: 0o40755 },
        { name: "./a//b/", mode: 0o40700 },
        { name: "/a/file", data: "content" },
        { name: "a/empty", mode: 0o104755 },
        { name: "link", mode: 0o120777, data: "a/file" },
        { name: "null", mode: 0o20666, device: [1, 3] },
        { name: "disk", mode: 0o60660, device: [8, 0] },
        { name: "pipe", mode: 0o10600 },
        { name: "socket", mode: 0o140600 },
      ]);
      const common = { uid: 3, gid: 4, mtimeNs: 1_700_000_000_000_000_000n, xattrs: [] };
      expect(readIn(archive, size, readCpio)).toEqual([
        { ...common, kind: "directory", path: "", mode: 0o755, content: "" },
        { ...common, kind: "directory", path: "a/b", mode: 0o700, content: "" },
        { ...common, kind: "file", path: "a/file", mode: 0o644, size: 7, content: "content" },
        { ...common, kind: "file", path: "a/empty", mode: 0o4755, size: 0, content: "" },
        { ...common, kind: "symlink", path: "link", mode: 0o777, target: "a/file", content: "" },
        { ...common, kind: "character", path: "null", mode: 0o666, major: 1, minor: 3, content: "" },
        { ...common, kind: "block", path: "disk", mode: 0o660, major: 8, minor: 0, content: "" },
        { ...common, kind: "fifo", path: "pipe", mode: 0o600, content: "" },
        { ...common, kind: "socket", path: "socket", mode: 0o600, content: "" },
      ]);
    });
  }
});

test("names of one inode are hard links, the content may come with the last of them", () => {
  const archive = cpio([
    { name: "a", inode: 7, links: 2 },
    { name: "b", inode: 7, links: 2, data: "late" },
    { name: "c", inode: 7 },
  ]);
  expect(readIn(archive, 64, readCpio)).toMatchObject([
    { kind: "file", path: "a", content: "" },
    { kind: "hardlink", path: "b", target: "a", size: 4, content: "late" },
    { kind: "file", path: "c" },
  ]);
});

test("names of hard links that would have to be remembered without an end are refused", () => {
  const path = `${"d/".repeat(200)}${"n".repeat(255)}`.padEnd(4000, "/");
  const archive = cpio(Array.from({ length: 1000 }, () => ({ name: path, inode: 7, links: 2 })));
  // What is the same file again takes up nothing more, an inode of its own does.
  expect(readIn(archive, 1 << 20, readCpio)).toHaveLength(1000);
  const nothing = { begin: () => undefined, content: () => undefined, end: () => undefined };
  const reader = new Incremental(readCpio(nothing));
  const long = Array.from({ length: 16 }, () => "n".repeat(250)).join("/");
  expect(() => {
    for (let inode = 1; inode < 20_000; inode++) reader.push(cpioMember({ name: long, inode, links: 2 }));
  }).toThrow(/names of its directories or hard links take more than/);
});

test("archives one after the other, with zeros between them, are one; inodes of one mean nothing in the next", () => {
  const one = cpio([{ name: "a", inode: 7, links: 2 }]);
  const two = cpio([{ name: "b", inode: 7, links: 2 }]);
  const entries = readIn(Buffer.concat([one, Buffer.alloc(512), two, Buffer.alloc(1024)]), 7, readCpio);
  expect(entries.map(({ kind, path }) => `${kind} ${path}`)).toEqual(["file a", "file b"]);
});

test("the crc format: a sum that is right", () => {
  const archive = cpio([{ name: "a", data: "ab", checksum: 195 }], "070702");
  expect(readIn(archive, 1, readCpio)).toMatchObject([{ path: "a", content: "ab" }]);
});

const broken: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  "an empty archive": [Buffer.alloc(0), /ends after 0 bytes/],
  "one cut in a header": [
    cpio([{ name: "a", data: "content" }]).subarray(0, 50),
    /ends after 50 bytes, in the middle/,
  ],
  "one cut in the content": [cpio([{ name: "a", data: "content" }]).subarray(0, 116), /ends after 116 bytes/],
  "one without its trailer": [cpioMember({ name: "a", data: "x" }), /in the middle/],
  "something else behind it": [
    Buffer.concat([cpio([]), Buffer.from("hello world.")]),
    /no cpio header|in the middle/,
  ],
  "a size that lies": [
    cpio([{ name: "a", data: "content", size: 3 }, { name: "b" }]),
    /where member 2 should begin there is no cpio header/,
  ],
  "a name that goes up": [
    cpio([{ name: "a/../../etc/shadow" }]),
    /"\.\." in the path a\/\.\.\/\.\.\/etc\/shadow/,
  ],
  "a name of 2 GiB": [cpio([{ name: "a", nameSize: 0x7fffffff }]), /a name of 2147483647 bytes/],
  "no name": [cpio([{ name: "", nameSize: 1 }]), /a name of 1 bytes/],
  "a name with a NUL in it": [cpio([{ name: "a\0b" }]), /a NUL byte in the path/],
  "a symlink of 1 MiB": [
    cpio([{ name: "a", mode: 0o120777, size: 1 << 20 }]),
    /a is a symlink of 1048576 bytes/,
  ],
  "a symlink to nowhere": [cpio([{ name: "a", mode: 0o120777 }]), /symlink of 0 bytes/],
  "a kind that there is not": [cpio([{ name: "a", mode: 0o170644 }]), /of no known kind/],
  "nesting without an end": [cpio([{ name: "d/".repeat(300) }]), /nested 300 deep/],
  "digits that are none": [
    Buffer.concat([Buffer.from(`070701${"x".repeat(104)}`), cpio([])]),
    /no cpio header/,
  ],
  "the crc format with a wrong sum": [
    cpio([{ name: "a", data: "ab", checksum: 196 }], "070702"),
    /the content of a is damaged/,
  ],
};

describe("refused", () => {
  for (const [what, [bytes, message]] of Object.entries(broken)) {
    test(what, () => {
      for (const size of PIECES) expect(() => readIn(bytes, size, readCpio)).toThrow(message);
    });
  }
});
