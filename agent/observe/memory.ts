import { readFileSync } from "node:fs";

/** Peak resident memory of this process in bytes: VmHWM of proc(5); undefined where the kernel does not say. */
export function peakMemory(): number | undefined {
  const status = readFileSync("/proc/self/status", "utf8");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/**
 * Bytes that can still be taken without starving anybody: MemAvailable of proc(5), and the swap that is free;
 * undefined where the kernel does not say.
 */
export function availableMemory(): number | undefined {
  const text = readFileSync("/proc/meminfo", "utf8");
  const kilobytes = (name: string) => new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  const [available, swap] = [kilobytes("MemAvailable"), kilobytes("SwapFree")];
  return available === undefined ? undefined : (Number(available) + Number(swap ?? 0)) * 1024;
}

/** Milliseconds since kernel start, to the hundredth of a second that /proc/uptime has. */
export function uptime(): number {
  const [seconds] = readFileSync("/proc/uptime", "utf8").split(" ");
  return Number(seconds) * 1000;
}
