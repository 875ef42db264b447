import { describe, expect, test } from "bun:test";
import { budgetProblem, copiesOf, needOf, type Room } from "../../../agent/plan/budget.ts";
import { plan } from "./world.ts";

/** Whether copies fit, and what is known of them without a walk. */

const MB = 1e6;
const plenty: Room = { bytes: 1000 * MB, inodes: 1e6, memory: 1000 * MB };
const made = plan({
  litefile: [
    "tmpfs /big",
    "tmpfs /small",
    "tmpfs /dir/",
    "persistent /kept",
    "con /list",
    "link /link",
    "ro /ro",
  ],
  sources: [{ "/list": "one", "/link": "-> /elsewhere" }, { "/list": "three" }],
  defaults: { "/big": "b".repeat(100), "/small": "s", "/dir/x": "x", "/kept": "k", "/list": "", "/ro": "r" },
  state: {},
});
const needs = (sizes: Readonly<Record<string, number>>) =>
  new Map(copiesOf(made).map(({ op, need }) => [op, needOf(sizes[op.row.path] ?? need?.bytes ?? 0)]));

describe("the budget", () => {
  test("files and links are known from what was looked at, directories are not", () => {
    expect(Object.fromEntries(copiesOf(made).map(({ op, need }) => [op.row.path, need?.bytes]))).toEqual({
      "/big": 100,
      "/dir/": undefined,
      "/kept": 1,
      "/link": 0,
      "/list": 8,
      "/small": 1,
    });
  });

  test.each([
    ["plenty of room", {}, plenty, undefined],
    ["a tmpfs that is just large enough", { "/big": MB }, { ...plenty, bytes: 1_011_712 }, undefined],
    [
      "one byte too little",
      { "/big": MB },
      { ...plenty, bytes: 1_011_711 },
      /the tmpfs has room for 1\.0 MB/,
    ],
    [
      "an unlimited tmpfs and little memory",
      { "/big": MB },
      { ...plenty, memory: MB },
      /only 1\.0 MB of memory are free/,
    ],
    ["the last inode", {}, { ...plenty, inodes: 5 }, undefined],
    ["one inode too little", {}, { ...plenty, inodes: 4 }, /room for 4 files/],
    ["what is kept does not count", { "/kept": 5000 * MB }, plenty, undefined],
  ] as const)("%s", (_, sizes, room, found) => {
    const problem = budgetProblem(needs(sizes), room);
    if (found === undefined) expect(problem).toBeUndefined();
    else
      expect(problem).toMatchObject({
        class: "fatal",
        code: "tmpfs-budget",
        found: expect.stringMatching(found),
      });
  });

  test("names what was wanted, what there is, the largest entries and what to do", () => {
    const problem = budgetProblem(needs({ "/big": 900 * MB, "/dir/": 300 * MB }), plenty);
    expect(problem?.found).toBe(
      'at least 1200.0 MB in 5 files and directories, but the tmpfs has room for 1000.0 MB; the largest are "tmpfs" /big with 900.0 MB in 1 file, "tmpfs" /dir/ with 300.0 MB in 1 file',
    );
    expect(problem?.remedy).toMatch(/overlay.*litefile.*memory/);
  });
});
