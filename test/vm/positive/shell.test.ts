import { expect, test } from "bun:test";
import type { Machine } from "../../../qemu/machine/machine.ts";
import { BOOT_SECONDS, isAgentReport, isGuestFindings, openLab } from "../lab-note.ts";

/** Types a command that answers, and leaves the shell. */
async function lookAround(machine: Machine, after: RegExp, command: string, answer: RegExp): Promise<void> {
  await machine.console.waitFor(after, BOOT_SECONDS);
  // busybox asks the terminal where its cursor is.
  await machine.console.waitForPrompt(/statelite# (?:.\[6n)?$/, BOOT_SECONDS);
  machine.console.type(`${command}\n`);
  await machine.console.waitFor(answer, BOOT_SECONDS);
  machine.console.type("exit\n");
}

test("shell stops three times before the real init, and leaving each shell goes on", async () => {
  await using lab = await openLab({ name: "shell" });
  const n01 = lab.boot("n01", { shell: true });
  const pauses = [
    [
      /the image is mounted at \/sysroot/,
      "ls -d /sysroot/.default; ls /sysroot/.statelite/mnt | wc -l",
      /^0$/,
    ],
    [/the state and the litetree sources are mounted/, "ls /sysroot/.statelite/mnt", /^10\.0\.0\.1$/],
    [/everything is placed and checked/, "cat /sysroot/etc/motd", /^Welcome to the cluster\.$/],
  ] as const;
  for (const [where, command, answer] of pauses) await lookAround(n01, where, command, answer);
  const agent = await n01.reports.waitFor(isAgentReport, BOOT_SECONDS);
  expect(agent.problems).toEqual([]);
  const guest = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(guest.multiUser.trim()).toBe("active");
});

test("a boot that fails gives a shell with the account of it; leaving it restarts the machine", async () => {
  await using lab = await openLab({ name: "failure-shell" });
  const n01 = lab.boot("n01", { NFSROOT: "10.0.0.1:/install/nowhere", "statelite.mount_timeout": "5" });
  await lookAround(
    n01,
    /policy statelite\.onfail=shell: a shell on this console/,
    "grep -c 'mount the image' /run/statelite.log",
    /^[1-9]\d*$/,
  );
  // The bench's machines end where others restart.
  await n01.exited(BOOT_SECONDS);
  expect(n01.running).toBe(false);
});
