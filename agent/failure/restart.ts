import { withDeadline } from "../concurrency.ts";
import { errorReason } from "../kernel/errno.ts";
import { restartMachine } from "../kernel/process.ts";

/** The end of a boot that failed: sync, then reboot(2), which does not sync by itself. */

/** A server that is gone would hold sync(2) up for ever; what the agent puts into a state is durable before that. */
const SYNC_MS = 10_000;
const AGAIN_MS = 5000;

/** Asks the kernel until it obeys: the first process must not end. */
export async function restart(
  how: "reboot" | "poweroff" | "halt",
  say: (line: string) => void,
): Promise<never> {
  await syncInTime(say);
  for (;;) {
    try {
      restartMachine(how);
    } catch (error) {
      say(`statelite: ${errorReason(error)}; trying again`);
    }
    await Bun.sleep(AGAIN_MS);
  }
}

/** sync(1) in a process of its own: nobody can be stopped who waits for a dead server in the kernel. */
async function syncInTime(say: (line: string) => void): Promise<void> {
  try {
    const child = Bun.spawn(["/bin/busybox", "sync"], { stdio: ["ignore", "ignore", "ignore"] });
    child.unref();
    await withDeadline(child.exited, SYNC_MS, "sync");
  } catch (error) {
    say(`statelite: not everything is on the disks or servers: ${errorReason(error)}`);
  }
}
