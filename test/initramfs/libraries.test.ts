import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { elfNeeds } from "../../initramfs/elf.ts";
import { sharedLibraries } from "../../initramfs/libraries.ts";
import { refusal } from "./refusal.ts";
import { scratch } from "./scratch.ts";

/** A small dynamic program with libraries that need others in turn. */
const PROGRAM = "/bin/ls";
const bytes = await Bun.file(PROGRAM).bytes();

async function writeProgram(path: string, data: Uint8Array): Promise<void> {
  await Bun.write(path, data);
  chmodSync(path, 0o755);
}

describe("sharedLibraries", () => {
  test("finds all that ldd(1) finds", async () => {
    const listed = Bun.spawnSync(["ldd", PROGRAM]).stdout.toString();
    const wanted = [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => basename(match[1] ?? ""));
    const found = (await sharedLibraries(PROGRAM, bytes)).map((entry) => basename(entry.path));
    expect(wanted.length).toBeGreaterThan(2);
    expect(wanted.filter((name) => !found.includes(name))).toEqual([]);
  });

  test("the program runs in a root that holds nothing else", async () => {
    using root = scratch();
    for (const entry of await sharedLibraries(PROGRAM, bytes)) {
      if (entry.kind === "file") await writeProgram(join(root.path, entry.path), entry.data);
    }
    const loader = elfNeeds(bytes)?.interpreter ?? "";
    mkdirSync(join(root.path, "there"));
    await writeProgram(join(root.path, "ls"), bytes);
    const { stdout, stderr } = Bun.spawnSync(["chroot", root.path, loader, "/ls", "/"]);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString().split("\n")).toContain("there");
  });

  test("a static program needs none", async () => {
    const busybox = await Bun.file("/bin/busybox").bytes();
    expect(await sharedLibraries("/bin/busybox", busybox)).toEqual([]);
  });

  test("a script is refused as no program", async () => {
    const problem = await refusal(() => sharedLibraries("/etc/agent.sh", Buffer.from("#!/bin/sh\n")));
    expect(problem).toMatchObject({ code: "not-a-program", on: "/etc/agent.sh" });
  });

  test("a library that is nowhere is refused by its name", async () => {
    using root = scratch();
    const loader = elfNeeds(bytes)?.interpreter ?? "";
    await Bun.write(join(root.path, loader), "loader");
    const problem = await refusal(() => sharedLibraries(PROGRAM, bytes, root.path));
    expect(problem.code).toBe("library-missing");
    expect(problem.found).toContain(elfNeeds(bytes)?.libraries[0] ?? "nothing");
  });
});

describe("elfNeeds", () => {
  test("a file cut short anywhere is told apart without an exception", () => {
    for (let length = 0; length < bytes.length; length += length < 1024 ? 1 : 997) {
      expect(() => elfNeeds(bytes.subarray(0, length))).not.toThrow();
    }
    expect(elfNeeds(bytes.subarray(0, 500))).toBeUndefined();
  });

  test("random damage to the headers is told apart without an exception", () => {
    for (let at = 6; at < 1024; at++) {
      const damaged = bytes.slice();
      damaged[at] = 0xff;
      expect(() => elfNeeds(damaged)).not.toThrow();
    }
  });
});
