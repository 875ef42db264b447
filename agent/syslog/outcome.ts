import { inTime } from "../concurrency.ts";
import type { Report } from "../report/schema.ts";
import { piecesOf } from "./message.ts";
import type { RemoteLog } from "./remote-log.ts";

/** What a log server is told last, of every boot. */

/** A log server whose name is still being looked up is not waited for longer; after a failure there is more time. */
const [BOOTED_MS, FAILED_MS] = [1000, 10_000];

/** Datagrams of one report: 230 KB, far more than the report of a boot that never had a plan. */
const REPORT_PIECES = 200;

/** @param milliseconds since kernel start */
export async function tellBooted(
  remoteLog: RemoteLog,
  { entries, ops, problems }: Report["totals"],
  milliseconds: number,
): Promise<void> {
  const text = `booted in ${Math.round(milliseconds)} ms: ${entries} entries, ${ops} ops, ${problems} problems`;
  remoteLog.add({ severity: "info", id: "booted", text });
  if (remoteLog.used) await inTime(remoteLog.flush(), BOOTED_MS);
}

/** @param report as JSON: where no server takes it, the log has it */
export async function tellFailed(remoteLog: RemoteLog, report: string): Promise<void> {
  if (!remoteLog.used) return;
  remoteLog.add({ severity: "critical", id: "failed", text: "the boot of this node has failed" });
  remoteLog.add(...piecesOf("report", report, REPORT_PIECES));
  await inTime(remoteLog.flush(), FAILED_MS);
}
