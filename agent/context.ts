import type { KernelThreads } from "./kernel/threads.ts";
import type { BootLog } from "./log.ts";
import type { Monitor } from "./monitor/monitor.ts";
import type { ReportDelivery } from "./report/delivery.ts";
import type { ReportBuilder } from "./report/report.ts";
import type { RemoteLog } from "./syslog/remote-log.ts";
import type { Watchdog } from "./watchdog/watchdog.ts";

/** What every phase may use, beside the state that the phases before it have made. */
export interface BootContext {
  readonly log: BootLog;
  readonly report: ReportBuilder;
  readonly delivery: ReportDelivery;
  /** LOGSERVER, once there is a network to it. */
  readonly remoteLog: RemoteLog;
  readonly threads: KernelThreads;
  readonly watchdog: Watchdog;
  /** The server's install monitor, which is told how far the boot is. */
  readonly monitor: Monitor;
  /** Undone before the real init starts: it is to find the machine as the kernel left it. */
  readonly beforeInit: (() => void)[];
  /** Aborted once the failure policy runs: no further phase may begin behind its back. */
  readonly over: AbortController;
  /** Milliseconds since kernel start. */
  now(): number;
}

/** One step of a boot: takes the state so far, gives back a larger one, or throws a BootError. */
export interface Phase<Before, After> {
  readonly name: string;
  run(before: Before, context: BootContext): Promise<After>;
}
