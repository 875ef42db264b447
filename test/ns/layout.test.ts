import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { mount } from "../../agent/kernel/mount.ts";
import { makeNode } from "./node.ts";

/** Semantics section 2: what a node finds below `/.statelite`. */

describe("the layout", () => {
  test("every part of section 2 is at its path", async () => {
    await using node = await makeNode({
      litefile: ["tmpfs /etc/a", "persistent /etc/p"],
      image: { "etc/a": "default\n", "etc/p": "default\n" },
      sources: [{ "etc/a": "one\n" }, { "x/y": "two\n" }],
      state: { kept: "kept\n" },
    });
    expect(node.problems).toEqual([]);
    expect(node.shell("cd /.statelite; ls -A; ls -A persistent persistent/n01 mnt mnt/mn")).toBe(
      "mnt\npersistent\ntmpfs\nmnt:\nmn\n\nmnt/mn:\nsource1\nsource2\n\npersistent:\nn01\n\npersistent/n01:\n.statelite\netc\nkept",
    );
    expect(node.shell("cat /.statelite/tmpfs/etc/a /.default/etc/a /.statelite/mnt/mn/source2/x/y")).toBe(
      "one\ndefault\ntwo",
    );
    expect(node.shell("echo x >/.statelite/mnt/mn/source1/etc/a")).toContain("Read-only file system");
    expect(node.shell("echo x >/.statelite/persistent/n01/kept; cat /.statelite/persistent/n01/kept")).toBe(
      "x",
    );
  });

  for (const mode of [0o755, 0o700, 0o1777]) {
    test(`the tmpfs has the image's mode: ${mode.toString(8)}`, async () => {
      await using node = await makeNode({
        litefile: ["tmpfs /a"],
        image: { a: "a\n", ".statelite": { mode } },
      });
      expect(node.shell("stat -c %a /.statelite; stat -fc %T /.statelite")).toBe(
        `${mode.toString(8)}\ntmpfs`,
      );
    });
  }

  test("a tmpfs that somebody else has mounted there is used as it is", async () => {
    await using node = await makeNode({
      litefile: ["tmpfs /a"],
      image: { a: "a\n" },
      mounted: (root) => {
        mount("other", join(root, ".statelite"), "tmpfs", 0, "mode=711");
        mkdirSync(join(root, ".statelite/mine"));
      },
    });
    expect(node.problems).toEqual([]);
    expect(node.shell("stat -c %a /.statelite; ls /.statelite; cat /a")).toBe(
      "711\nmine\nmnt\npersistent\ntmpfs\na",
    );
    expect(node.shell("grep -c ' /.statelite ' /proc/self/mountinfo")).toBe("1");
  });
});
