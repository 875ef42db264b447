import { closeSync, openSync, writeSync } from "node:fs";

/** /dev/kmsg (Documentation/ABI/testing/dev-kmsg): what is said there is in dmesg, pstore and netconsole. */

/** Severities of syslog(2) that are used here. */
const LEVELS = { error: 3, notice: 5 } as const;

/** A record takes 1024 bytes with its prefix (kernel/printk/printk.c); of one opening the kernel takes ten in 5 s. */
const RECORD_BYTES = 900;
const MOST = 9;

/** Says lines to the kernel's log, as far as there is one. The text is printable already. */
export function tellKernel(lines: readonly string[], level: keyof typeof LEVELS, device = "/dev/kmsg"): void {
  const told = lines.length <= MOST ? lines : [...lines.slice(0, MOST - 1), "more than that is in the log"];
  try {
    const fd = openSync(device, "a");
    try {
      for (const line of told) {
        const record = Buffer.from(`<${LEVELS[level]}>statelite: ${line}`).subarray(0, RECORD_BYTES);
        writeSync(fd, Buffer.concat([record, Buffer.from("\n")]));
      }
    } finally {
      closeSync(fd);
    }
  } catch {
    // No such device, or it takes no more: the console has it all.
  }
}
