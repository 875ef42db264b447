import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
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

  test("wrong usage: the problem and the usage on standard error, exit status 2", () => {
    const { status, stderr } = build("--kernle", "x");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--kernle.*usage: npm run build/s)]);
  });

  test("--help: the usage on standard output, exit status 0", () => {
    const { status, stdout } = build("--help");
    expect([status, stdout]).toEqual([0, expect.stringContaining("--module NAME")]);
  });
});
