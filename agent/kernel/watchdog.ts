import { ioctl } from "./ioctl.ts";
import { ptr } from "./libc.ts";

/** WDIOC_SETTIMEOUT, linux/watchdog.h: _IOWR('W', 6, int). */
const SETTIMEOUT = 0xc0045706;

/** Seconds until a watchdog that is open restarts the machine; gives back what the driver made of it. @throws SystemError */
export function setWatchdogTimeout(fd: number, seconds: number): number {
  const argument = new Int32Array([seconds]);
  ioctl(fd, SETTIMEOUT, ptr(argument), "WDIOC_SETTIMEOUT");
  return argument[0] ?? seconds;
}
