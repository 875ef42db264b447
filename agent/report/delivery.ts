import { existsSync, promises as fs } from "node:fs";
import { basename } from "node:path";
import { withDeadline } from "../concurrency.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";

/** A port that nobody reads at the other end would keep us waiting. */
const DELIVERY_MS = 5000;

/** Writes a copy of the report to `statelite.report`, if that is set. A failure is logged and nothing more. */
export async function deliverReport(text: string, to: string | undefined, log: Log): Promise<void> {
  if (to === undefined) return;
  try {
    const path = await devicePath(to);
    await withDeadline(fs.writeFile(path, `${text}\n`, { flag: "a" }), DELIVERY_MS, `write to ${path}`);
  } catch (error) {
    log.say(`the report could not be written to statelite.report=${to}: ${errorReason(error)}`);
  }
}

/** Without udev there is no /dev/virtio-ports; sysfs knows which device has the name. */
async function devicePath(wanted: string): Promise<string> {
  if (!wanted.startsWith("/dev/virtio-ports/") || existsSync(wanted)) return wanted;
  const ports = "/sys/class/virtio-ports";
  for (const port of existsSync(ports) ? await fs.readdir(ports) : []) {
    const name = await fs.readFile(`${ports}/${port}/name`, "utf8").catch(() => ""); // A port may have no name.
    if (name.trim() === basename(wanted)) return `/dev/${port}`;
  }
  return wanted;
}
