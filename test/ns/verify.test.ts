import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directCalls } from "../../agent/kernel/calls.ts";
import { MNT_DETACH, MS } from "../../agent/kernel/constants.ts";
import { mount, umount } from "../../agent/kernel/mount.ts";
import { versionOf } from "../../agent/observe/look.ts";
import { Root } from "../../agent/observe/root.ts";
import { verify } from "../../agent/observe/verify.ts";
import type { Expectation } from "../../agent/plan/expectation.ts";
import { run } from "./inventory.ts";
import { writeTree } from "./trees.ts";

/** What the verification sees when the root is not what the plan promised. */

const base = mkdtempSync(join(tmpdir(), "statelite-verify-"));
const row = { options: "tmpfs", path: "/x" };
const at = (path: string) => ({ tree: "/", path });
const same = (path: string, as: string): Expectation => ({ kind: "same", row, path, as: at(as) });
const mounted = (path: string, readonly: boolean, overlay = false): Expectation => ({
  ...{ kind: "mounted", row, path, readonly, overlay },
});
const asItWas = (path: string): string => versionOf(statSync(join(base, path), { bigint: true }));
const content = (path: string, ...of: string[]): Expectation => ({
  kind: "content",
  row,
  path,
  of: of.map((file) => ({ location: at(file) })),
});

beforeAll(() => {
  const big = "b".repeat(70_000);
  const links = { link: { link: "/tree/a" }, out: { link: "../../../../etc/passwd" } };
  writeTree(base, {
    "tree/a": "a\n",
    "tree/b": "b\n",
    ab: "a\nb\n",
    "on mount": null,
    ro: null,
    plain: null,
    big,
    big2: big,
    ...links,
  });
  run("/usr/bin/mkfifo", [join(base, "fifo")]);
  mount(base, base, "", MS.BIND, "");
  for (const name of ["on mount", "ro"]) mount(join(base, "tree"), join(base, name), "", MS.BIND, "");
  mount("", join(base, "ro"), "", MS.BIND | MS.REMOUNT | MS.RDONLY, "");
});

afterAll(() => {
  umount(base, MNT_DETACH);
  rmSync(base, { recursive: true });
});

describe("a file that was changed while the node booted", () => {
  const made = (path: string, location: string, version: string | undefined): Expectation => ({
    ...{
      kind: "content",
      row,
      path,
      of: [{ location: at(location), ...(version !== undefined && { version }) }],
    },
  });
  for (const [rule, expectation, found] of [
    ["a copy of what was there before is a note", () => made("/ab", "/tree/a", "as it was before"), "note"],
    ["a copy of what has gone is a note", () => made("/ab", "/tree/gone", "as it was before"), "note"],
    [
      "a wrong copy of what has not changed is a problem",
      () => made("/ab", "/tree/a", asItWas("tree/a")),
      "row",
    ],
    ["a copy that cannot be told is a problem", () => made("/ab", "/tree/a", undefined), "row"],
    ["a copy that has gone itself is a problem", () => made("/none", "/tree/a", "as it was before"), "row"],
    ["a copy of what is there now is none", () => made("/tree/a", "/tree/a", "as it was before"), undefined],
  ] as const) {
    test(rule, async () => {
      const root = new Root(base, directCalls);
      const problems = await verify(root, [expectation()], directCalls, 4);
      await root.close();
      expect(problems.map((problem) => problem.class)).toEqual(found === undefined ? [] : [found]);
    });
  }
});

describe("the verification", () => {
  for (const [rule, expectation, found] of [
    ["the very inode", same("/on mount/a", "/tree/a"), undefined],
    ["the very inode behind a symlink", same("/link", "/tree/a"), undefined],
    ["another inode with the same bytes", same("/ab", "/big"), "/ab is not what lies at /big"],
    ["nothing there", same("/none", "/tree/a"), "it cannot be looked at: ENOENT"],
    ["a symlink that would lead out of the root", same("/out", "/tree/a"), "it cannot be looked at: ENOENT"],
    ["a mount of its own", mounted("/on mount", false), undefined],
    ["a mount that is read-only", mounted("/ro", true), undefined],
    ["no mount", mounted("/plain", false), "nothing is mounted at /plain"],
    [
      "a file of a mount, but none itself",
      mounted("/on mount/a", false),
      "nothing is mounted at /on mount/a",
    ],
    [
      "a mount that was to be read-only",
      mounted("/on mount", true),
      "/on mount is mounted, but can be written to",
    ],
    ["a mount that was to be an overlay", mounted("/ro", true, true), "an overlay was wanted"],
    ["the bytes of two files", content("/ab", "/tree/a", "/tree/b"), undefined],
    ["their bytes in another order", content("/ab", "/tree/b", "/tree/a"), "/ab does not hold the bytes"],
    [
      "the bytes of a FIFO, which would wait for ever",
      content("/ab", "/fifo"),
      "/ab does not hold the bytes",
    ],
    [
      "a source that has grown beyond what is compared",
      content("/ab", "/big"),
      "/ab does not hold the bytes",
    ],
  ] as const) {
    test(rule, async () => {
      const root = new Root(base, directCalls);
      const problems = await verify(root, [expectation], directCalls, 4);
      await root.close();
      if (found === undefined) expect(problems).toEqual([]);
      else
        expect(problems).toMatchObject([
          { class: "row", code: "verify", row, found: expect.stringContaining(found) },
        ]);
    });
  }
});
