import { promises as fs } from "node:fs";

/** Peak resident memory of this process in bytes: VmHWM of proc(5); undefined where the kernel does not say. */
export async function peakMemory(): Promise<number | undefined> {
  const status = await fs.readFile("/proc/self/status", "utf8");
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Milliseconds since kernel start, to the hundredth of a second that /proc/uptime has. */
export async function uptime(): Promise<number> {
  const [seconds] = (await fs.readFile("/proc/uptime", "utf8")).split(" ");
  return Number(seconds) * 1000;
}
