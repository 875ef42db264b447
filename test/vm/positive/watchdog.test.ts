import { expect, test } from "bun:test";
import { BOOT_SECONDS, isGuestFindings, openLab } from "../lab-note.ts";

test("the kernel's own watchdog is fed during the boot, and stopped before the real init", async () => {
  await using lab = await openLab({ name: "watchdog" });
  const n01 = lab.boot("n01", { "statelite.watchdog": "soft" });
  const { stateliteLog, multiUser } = await n01.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  expect(stateliteLog).toMatch(/watchdog: watchdog0 \(Software Watchdog\) restarts this machine 60 s after/);
  expect(stateliteLog).toMatch(/watchdog: stopped/);
  expect(multiUser.trim()).toBe("active");
  // What the driver says where it was closed and not stopped.
  expect(n01.console.has(/watchdog did not stop!/)).toBe(false);
});
