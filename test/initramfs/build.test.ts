import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./scratch.ts";
import { makeCa, makeKernel } from "./site.ts";

const BUILD = join(import.meta.dirname, "../../initramfs/build.ts");

/** The builder as a site runs it, with another program in the agent's place. */
function build(...words: string[]): { status: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, BUILD, ...words]);
  return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("the builder for a site", () => {
  test("takes the only kernel of a tree, and exits with 0", async () => {
    using folder = scratch();
    const tree = join(folder.path, "modules");
    const { version } = await makeKernel(tree);
    const out = join(folder.path, "site.initrd");
    const { status, stdout } = build("--modules", tree, "--agent", "/bin/ls", "--level", "1", "--out", out);
    expect([status, stdout]).toEqual([0, expect.stringContaining(`${out}, for kernel ${version}`)]);
    expect(existsSync(out)).toBe(true);
  });

  test("takes the folder of one version for what it is", async () => {
    using folder = scratch();
    const { version, modulesDir } = await makeKernel(join(folder.path, "modules"));
    const out = join(folder.path, "site.initrd");
    const { stdout } = build("--modules", modulesDir, "--agent", "/bin/ls", "--level", "1", "--out", out);
    expect(stdout).toContain(`${out}, for kernel ${version}`);
  });

  test("a problem is one line on standard error, exit status 1", async () => {
    using folder = scratch();
    const tree = join(folder.path, "modules");
    await makeKernel(tree);
    const ca = `${makeCa(join(folder.path, "ca.pem"))}.key`;
    const out = join(folder.path, "site.initrd");
    const { status, stderr } = build("--modules", tree, "--agent", "/bin/ls", "--ca", ca, "--out", out);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^initramfs: put the CA .*private key.*\n$/)]);
    expect(existsSync(out)).toBe(false);
  });

  test("a tree without kernels is refused with the flag to use, exit status 1", () => {
    const { status, stderr } = build("--modules", "/nowhere", "--agent", "/bin/ls");
    expect([status, stderr]).toEqual([1, expect.stringContaining("--kernel VERSION")]);
  });

  test.each([
    [
      "a folder in place of a CA",
      (folder: string) => ["--ca", folder],
      "put the CA into the initrd: ",
      "EISDIR",
    ],
    [
      "in place of a certificate",
      (f: string) => ["--client-cert", f, "--client-key", f],
      "nodes' cert",
      "EISDIR",
    ],
    [
      "in place of a hash",
      (folder: string) => ["--shell", `password:${folder}`],
      "shell's password",
      "EISDIR",
    ],
    ["in place of busybox", (folder: string) => ["--busybox", folder], "put busybox", "EISDIR"],
    ["in place of what is written", (folder: string) => ["--out", folder], "write the initrd: ", "EISDIR"],
    ["a file to write below a file", () => ["--out", "/etc/passwd/x"], "write the initrd: ", "is a file"],
    [
      "no folder of firmware",
      () => ["--firmware", "/nowhere"],
      "look for firmware: /nowhere: ",
      "no such file",
    ],
    ["a file in place of modules", () => ["--modules", "/etc/passwd"], "/etc/passwd: ", "ENOTDIR"],
  ])("%s is a problem in four parts, not a stack", async (_, words, doing, found) => {
    using folder = scratch();
    const tree = join(folder.path, "modules");
    await makeKernel(tree);
    mkdirSync(join(folder.path, "folder"));
    const { status, stderr } = build(
      ...["--modules", tree, "--agent", "/bin/ls", "--level", "1", "--out", join(folder.path, "site.initrd")],
      ...words(join(folder.path, "folder")),
    );
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^initramfs: [^\n]*; [^\n]*\n$/)]);
    expect(stderr).toContain(doing);
    expect(stderr).toContain(found);
  });

  test("a CA that comes through a pipe of the shell's goes in", async () => {
    using folder = scratch();
    const tree = join(folder.path, "modules");
    await makeKernel(tree);
    const ca = makeCa(join(folder.path, "ca.pem"));
    const out = join(folder.path, "site.initrd");
    const words = ["--modules", tree, "--agent", "/bin/ls", "--level", "1", "--out", out];
    const script = 'exec "$@" --ca <(cat "$0")';
    const child = Bun.spawnSync(["bash", "-c", script, ca, process.execPath, BUILD, ...words]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
  });

  test("wrong usage: the problem and the usage on standard error, exit status 2", () => {
    const { status, stderr } = build("--kernle", "x");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--kernle.*usage: npm run build/s)]);
  });

  test("--help: the usage on standard output, exit status 0", () => {
    const { status, stdout } = build("--help");
    expect([status, stdout]).toEqual([0, expect.stringContaining("--module NAME")]);
  });
});
