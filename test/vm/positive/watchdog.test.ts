import { expect, test } from "bun:test";
import { initrdWithBefore } from "../before-agent.ts";
import { BOOT_SECONDS, isGuestFindings, openLab } from "../lab-note.ts";

test("a watchdog is fed during the boot, and stopped before the real init", async () => {
  await using lab = await openLab({ name: "watchdog" });
  const initrd = await initrdWithBefore(lab, {
    script: "insmod /before/softdog.ko soft_margin=30\n",
    modules: ["softdog"],
  });
  const n01 = lab.boot("n01", {}, { initrd });
  const { stateliteLog, multiUser } = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(stateliteLog).toMatch(
    /watchdog: watchdog0 \(Software Watchdog\) restarts this machine 60 s after the agent hangs/,
  );
  expect(stateliteLog).toMatch(/watchdog: stopped/);
  expect(multiUser.trim()).toBe("active");
  // The driver has its own word for one that is stopped by who closes it.
  expect(n01.console.has(/watchdog: watchdog0: watchdog did not stop!/)).toBe(false);
});
