import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parseMountInfo } from "../../../agent/observe/mountinfo.ts";

/** /proc/self/mountinfo, as proc(5) describes it and seq_path in the kernel writes it. */

/** What the kernel escapes, and how. */
const written = (path: string) =>
  path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);

describe("a line of mountinfo", () => {
  for (const [rule, line, wanted] of [
    [
      "has optional fields, or none",
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue",
      {
        id: 36,
        parent: 35,
        device: "98:0",
        root: "/mnt1",
        mountPoint: "/mnt2",
        options: ["rw", "noatime"],
        type: "ext3",
        source: "/dev/root",
        superOptions: ["rw", "errors=continue"],
      },
    ],
    [
      "without optional fields",
      "1 0 0:1 / / ro - tmpfs none ro",
      { id: 1, mountPoint: "/", options: ["ro"], type: "tmpfs" },
    ],
    [
      "with an optional field that looks like the dash",
      "1 0 0:1 / /a rw x-y - tmpfs none rw",
      { mountPoint: "/a", type: "tmpfs" },
    ],
    ["of a mount at -", "1 0 0:1 / - rw - tmpfs - rw", { mountPoint: "-", source: "-", type: "tmpfs" }],
    ["with an empty source", "1 0 0:1 / /a rw - tmpfs  rw", { source: "", superOptions: ["rw"] }],
    [
      "with blanks, newlines and backslashes in a path",
      String.raw`1 0 0:1 / /a\040b\012c\134040 rw - nfs mn:/x\040y rw`,
      { mountPoint: "/a b\nc\\040", source: "mn:/x y" },
    ],
    [
      "with names beyond ASCII beside an escape",
      "1 0 0:1 / /ä😀\\040ü rw - tmpfs none rw",
      { mountPoint: "/ä😀 ü" },
    ],
    [
      "with escapes that together are one character",
      String.raw`1 0 0:1 / /\303\244 rw - tmpfs none rw`,
      { mountPoint: "/ä" },
    ],
  ] as const) {
    test(rule, () => {
      expect(parseMountInfo(line)).toMatchObject([wanted as never]);
    });
  }

  test.each(["", "not a line", "a b c d e f - g h i", "36 35 98:0 /mnt1 /mnt2 rw", "36 35 98:0 / /x rw -"])(
    "is none: %p",
    (line) => {
      expect(parseMountInfo(line)).toEqual([]);
    },
  );

  test("of this system is understood, each one", () => {
    const text = readFileSync("/proc/self/mountinfo", "utf8");
    expect(parseMountInfo(text)).toHaveLength(text.trimEnd().split("\n").length);
  });

  test("holds any path that was written as the kernel writes it", () => {
    const path = fc
      .string({ unit: "binary" })
      .filter((text) => !text.includes("\0"))
      .map((text) => `/${text}`);
    fc.assert(
      fc.property(path, path, (point, source) => {
        const [mount] = parseMountInfo(`1 0 0:1 / ${written(point)} rw - tmpfs ${written(source)} rw`);
        expect([mount?.mountPoint, mount?.source]).toEqual([point, source]);
      }),
    );
  });

  test("may be anything at all, and nothing is thrown", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("-", "1", "rw", "\\040", "\\9", "\\", ""));
    const lines = fc
      .array(fc.array(word, { maxLength: 14 }).map((words) => words.join(" ")))
      .map((some) => some.join("\n"));
    fc.assert(
      fc.property(fc.oneof(lines, fc.string()), (text) =>
        expect(Array.isArray(parseMountInfo(text))).toBe(true),
      ),
    );
  });
});
