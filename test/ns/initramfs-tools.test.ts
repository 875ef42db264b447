import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The script for initramfs-tools in a root of its own, with an agent that does as it is told. */

const SCRIPT = join(import.meta.dirname, "../../initramfs/initramfs-tools/scripts/init-bottom/statelite");
/** As initramfs-tools(7) has it, panic returns when its shell is left; here the third time ends the test. */
const FUNCTIONS = `panic() { echo "panic: $*"; times=x$times; [ $times != xxx ] || exit 7; }
sleep() { :; }
`;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "statelite-initramfs-tools-"));
  for (const folder of ["bin", "proc", "scripts", "usr/lib/statelite"])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  for (const applet of ["sh", "cat", "env"]) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(join(root, "scripts/functions"), FUNCTIONS);
  copyFileSync(SCRIPT, join(root, "scripts/statelite"));
});
afterAll(() => rmSync(root, { recursive: true }));

function run(cmdline: string, status: number): { status: number | null; output: string } {
  writeFileSync(join(root, "proc/cmdline"), `${cmdline}\n`);
  const agent = join(root, "usr/lib/statelite/statelite-agent");
  writeFileSync(agent, `#!/bin/sh\necho "agent: $*"\nexit ${status}\n`);
  chmodSync(agent, 0o755);
  const child = Bun.spawnSync(["chroot", root, "/bin/sh", "/scripts/statelite"], {
    env: { PATH: "/bin:/usr/sbin:/usr/bin", rootmnt: "/root" },
    timeout: 20_000,
  });
  return { status: child.exitCode, output: `${child.stdout}${child.stderr}` };
}

const CMDLINE = "boot=nfs XCAT=10.0.0.1:3001 NODE=n01";

test("where the agent is content the boot goes on", () => {
  const output = `agent: apply --root /root --cmdline ${CMDLINE} --ca /usr/lib/statelite/ca.pem\n`;
  expect(run(CMDLINE, 0)).toEqual({ status: 0, output });
});

test("where it is not, leaving the shell does not lead to the root that nobody wants", () => {
  const { status, output } = run(CMDLINE, 1);
  expect(status).toBe(7);
  expect(output.match(/^panic: statelite: the root is not what/gm)).toHaveLength(3);
});

test("without XCAT= it is no boot of the agent's", () => {
  expect(run("boot=nfs root=/dev/nfs", 1)).toEqual({ status: 0, output: "" });
});
