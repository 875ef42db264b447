import { existsSync, promises as fs } from "node:fs";
import { basename } from "node:path";
import { withDeadline } from "../concurrency.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { type ReportTarget, sendReport } from "../xcat/send-report.ts";

/** A port that nobody reads at the other end would keep us waiting. */
const WRITE_MS = 5000;
/** The boot waits for this, and a server under load may say nothing. */
const SEND_MS = 2500;

/**
 * Takes the report to whoever is to have it beside the node: the file of `statelite.report`, and the servers that
 * speak JSON. A failure is logged and nothing more.
 */
export class ReportDelivery {
  readonly #log: Log;
  #target: ReportTarget | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** From here on there is a network, and it is known by what servers prove who they are. */
  begin(target: ReportTarget): void {
    this.#target = target;
  }

  /** @param to `statelite.report`, where it is set */
  async deliver(text: string, to: string | undefined): Promise<void> {
    await Promise.all([this.#write(text, to), this.#send(text)]);
  }

  async #write(text: string, to: string | undefined): Promise<void> {
    if (to === undefined) return;
    try {
      const path = await devicePath(to);
      await withDeadline(fs.writeFile(path, `${text}\n`, { flag: "a" }), WRITE_MS, `write to ${path}`);
    } catch (error) {
      this.#log.say(`the report could not be written to statelite.report=${to}: ${errorReason(error)}`);
    }
  }

  async #send(text: string): Promise<void> {
    if (this.#target === undefined) return;
    const { to, without, failures } = await sendReport(text, this.#target, SEND_MS);
    if (to !== undefined) this.#log.detail(`the report went to ${to}`);
    else if (failures.length > 0) this.#log.say(`the report could not be sent: ${failures.join("; ")}`);
    else if (without.length > 0) this.#log.detail(`no report is kept by ${without.join(" and ")}`);
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
