import { expect, test } from "bun:test";
import { BOOT_SECONDS, openLab } from "../lab-note.ts";

test("an agent that hangs: nobody feeds the watchdog, and it restarts the machine", async () => {
  await using lab = await openLab({ name: "hung-agent" });
  // In a pause there is a shell by which the first process can be stopped: no signal does that.
  const n01 = lab.boot("n01", { shell: true, "statelite.watchdog": "soft", xcatdebugmode: "1" });
  await n01.console.waitFor(
    /watchdog: watchdog0 .*restarts this machine 60 s after the agent hangs/,
    BOOT_SECONDS,
  );
  await n01.console.waitForPrompt(/statelite# (?:.\[6n)?$/, BOOT_SECONDS);
  n01.console.type(
    "mkdir /run/c; mount -t cgroup2 none /run/c; mkdir /run/c/ice; echo 1 >/run/c/ice/cgroup.procs; echo 1 >/run/c/ice/cgroup.freeze\n",
  );
  await n01.console.waitFor(/softdog: Initiating system reboot/, BOOT_SECONDS);
  // The bench's machines end where others restart.
  await n01.exited(BOOT_SECONDS);
  expect(n01.running).toBe(false);
});
