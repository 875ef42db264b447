import { readFileSync } from "node:fs";

/** Peak resident memory of this process in bytes: VmHWM of proc(5); undefined where the kernel does not say. */
export function peakMemory(): number | undefined {
  const status = readFileSync("/proc/self/status", "utf8");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Milliseconds since kernel start, to the hundredth of a second that /proc/uptime has. */
export function uptime(): number {
  const [seconds] = readFileSync("/proc/uptime", "utf8").split(" ");
  return Number(seconds) * 1000;
}
