import { setDefaultTimeout } from "bun:test";

/** What tests that boot machines need, by one import; also when bun runs one of them by hand. */
export { isAgentReport, isGuestFindings } from "../../qemu/demo/documents.ts";
export { type BootFailure, bootFailure } from "../../qemu/failure.ts";
export { openLab } from "../../qemu/lab.ts";

setDefaultTimeout(400_000);

/** Emulated, on a host with two cores and another machine beside it. */
export const BOOT_SECONDS = 180;

/** The policy for tests: the machine is off once it has said why. */
export const POWER_OFF = { "statelite.onfail": "poweroff", "statelite.onfail_delay": "1" } as const;
