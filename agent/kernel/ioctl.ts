import type { Pointer } from "bun:ffi";
import { SYS } from "./constants.ts";
import { check, libc } from "./libc.ts";

/** ioctl(2). `name` is the request's, for the message. @throws SystemError */
export function ioctl(fd: number, request: number, argument: number | Pointer, name: string): number {
  return check(libc.syscall(SYS.ioctl, fd, request, argument, 0, 0, 0), () => `ioctl(${fd}, ${name})`);
}
