import { readFileSync, writeFileSync } from "node:fs";
import type { Settings } from "../cmdline/options.ts";

/** Documentation/admin-guide/sysctl/kernel.rst: seconds from a panic to a restart, 0 for never. */
const PANIC = "/proc/sys/kernel/panic";

/**
 * The last resort of `statelite.onfail=reboot`: where this very process dies, of a fault in its runtime or for want
 * of memory, the kernel panics, and restarts then. Where the kernel command line says something of its own
 * (`panic=`), that is left as it is.
 *
 * @returns puts back what was there, for the real init
 */
export function restartOnPanic({ onfail, onfailDelay }: Settings, file = PANIC): () => void {
  try {
    const before = readFileSync(file, "utf8").trim();
    if (onfail !== "reboot" || before !== "0") return () => undefined;
    writeFileSync(file, `${Math.max(1, onfailDelay)}\n`);
    return () => writeFileSync(file, `${before}\n`);
  } catch {
    return () => undefined; // Nothing that a boot should fail for.
  }
}
