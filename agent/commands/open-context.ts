import type { BootContext } from "../context.ts";
import { KernelThreads } from "../kernel/threads.ts";
import { BootLog } from "../log.ts";
import { Monitor } from "../monitor/monitor.ts";
import { uptime } from "../observe/memory.ts";
import { ReportDelivery } from "../report/delivery.ts";
import { ReportBuilder } from "../report/report.ts";
import { RemoteLog } from "../syslog/remote-log.ts";
import { VERSION } from "../version.ts";
import { Watchdog } from "../watchdog/watchdog.ts";

/** Threads for system calls: one that waits for a server leaves the other; each costs memory and time to start. */
const THREADS = 2;

/** What every command starts with: a log, an empty report, a clock that counts from kernel start. */
export function openContext(console: (line: string) => void): BootContext {
  const started = uptime() - performance.now();
  const now = () => started + performance.now();
  const log = new BootLog({ console, now, verbose: false });
  return {
    log,
    remoteLog: new RemoteLog(log),
    watchdog: new Watchdog(log),
    beforeInit: [],
    report: new ReportBuilder(VERSION),
    delivery: new ReportDelivery(log),
    threads: new KernelThreads(THREADS),
    monitor: new Monitor(log),
    over: new AbortController(),
    now,
  };
}
