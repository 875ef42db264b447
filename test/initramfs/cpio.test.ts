import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type CpioEntry, cpioArchive } from "../../initramfs/cpio.ts";
import { scratch } from "./scratch.ts";

const script: CpioEntry = { kind: "file", path: "init", mode: 0o755, data: Buffer.from("#!/bin/sh\n") };
const link: CpioEntry = { kind: "symlink", path: "bin/sh", mode: 0o777, target: "/bin/busybox" };
const sticky: CpioEntry = { kind: "directory", path: "tmp", mode: 0o1777 };
const console: CpioEntry = { kind: "character", path: "dev/console", mode: 0o600, major: 5, minor: 1 };
const odd = Array.from({ length: 9 }, (_, size): CpioEntry => {
  return { kind: "file", path: `odd/${"n".repeat(size + 1)}`, mode: 0o640, data: Buffer.alloc(size, "x") };
});
const members = [script, link, sticky, console, ...odd];

/** What the system's cpio says of an archive. */
function cpio(mode: string, archive: Uint8Array, cwd: string): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["cpio", mode, "--quiet"], { stdin: archive, cwd });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}

describe("cpioArchive", () => {
  test("is read by cpio(1): type, mode, owner, device, time of every member, parents first", () => {
    const lines = cpio("-itvn", cpioArchive([console, link, script, sticky]), "/")
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => line.replace(/ +/g, " "))).toEqual([
      "drwxr-xr-x 2 0 0 0 Jan 1 1970 bin",
      "lrwxrwxrwx 1 0 0 12 Jan 1 1970 bin/sh -> /bin/busybox",
      "drwxr-xr-x 2 0 0 0 Jan 1 1970 dev",
      "crw------- 1 0 0 5, 1 Jan 1 1970 dev/console",
      "-rwxr-xr-x 1 0 0 10 Jan 1 1970 init",
      "drwxrwxrwt 2 0 0 0 Jan 1 1970 tmp",
    ]);
  });

  test("gives back every byte, whatever the lengths of names and data leave to pad", () => {
    using folder = scratch();
    const root = join(folder.path, "root");
    mkdirSync(root);
    cpio("-idm", cpioArchive(members.filter((member) => member.kind !== "character")), root);
    for (const member of [script, ...odd]) {
      if (member.kind !== "file") throw new Error("files only");
      expect(readFileSync(join(root, member.path))).toEqual(Buffer.from(member.data));
      expect(lstatSync(join(root, member.path)).mode & 0o7777).toBe(member.mode);
    }
    expect(readlinkSync(join(root, "bin/sh"))).toBe("/bin/busybox");
    expect(lstatSync(join(root, "tmp")).mode & 0o7777).toBe(0o1777);
  });

  test("the order in which the members come changes no byte", () => {
    expect(cpioArchive(members.toReversed())).toEqual(cpioArchive(members));
  });

  test("one archive after another stays aligned to four bytes, as the kernel wants it", () => {
    for (const member of members) expect(cpioArchive([member]).length % 4).toBe(0);
  });

  const bad: [string, CpioEntry[]][] = [
    ["an absolute path", [{ ...script, path: "/init" }]],
    ["a path with ..", [{ ...script, path: "bin/../init" }]],
    ["a path with an empty part", [{ ...script, path: "bin//init" }]],
    ["an empty path", [{ ...script, path: "" }]],
    ["a path with NUL", [{ ...script, path: "in\0it" }]],
    ["a path twice", [script, script]],
    ["a file as the parent of another", [script, { ...script, path: "init/more" }]],
  ];
  test.each(bad)("refuses %s", (_, entries) => {
    expect(() => cpioArchive(entries)).toThrow();
  });
});
