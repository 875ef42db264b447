import { closeSync, openSync } from "node:fs";
import { O } from "./constants.ts";
import { SystemError } from "./errno.ts";
import { ioctl } from "./ioctl.ts";
import { ptr } from "./libc.ts";

/** Loop devices: a file as a block device (loop(4), linux/loop.h). */

const LOOP_SET_FD = 0x4c00;
const LOOP_CLR_FD = 0x4c01;
const LOOP_SET_STATUS64 = 0x4c04;
const LOOP_CTL_GET_FREE = 0x4c82;

/** Of struct loop_info64. */
const INFO_BYTES = 232;
const FLAGS_AT = 52;
/** The device is free again once nothing uses it any more. */
const LO_FLAGS_AUTOCLEAR = 4;

/** Others look for a free device at the same time; after so many lost races something else is wrong. */
const RACES = 16;

/** A loop device that is set up, held open: it goes when this descriptor and what is mounted of it are gone. */
export interface LoopDevice {
  /** `/dev/loop0`. */
  readonly path: string;
  readonly fd: number;
}

/** Makes a block device of an open file, read-only where that is open so. @throws SystemError */
export function attachLoop(file: number): LoopDevice {
  const control = openSync("/dev/loop-control", O.RDWR | O.CLOEXEC);
  try {
    for (let race = 0; ; race++) {
      const path = `/dev/loop${ioctl(control, LOOP_CTL_GET_FREE, 0, "LOOP_CTL_GET_FREE")}`;
      const fd = openSync(path, O.RDWR | O.CLOEXEC);
      try {
        configure(fd, file);
        return { path, fd };
      } catch (error) {
        closeSync(fd);
        if (!(error instanceof SystemError) || error.code !== "EBUSY" || race >= RACES) throw error;
      }
    }
  } finally {
    closeSync(control);
  }
}

/** In two calls, as LOOP_CONFIGURE, which does it in one, came with Linux 5.8. */
function configure(fd: number, file: number): void {
  ioctl(fd, LOOP_SET_FD, file, "LOOP_SET_FD");
  const info = Buffer.alloc(INFO_BYTES);
  info.writeUInt32LE(LO_FLAGS_AUTOCLEAR, FLAGS_AT);
  try {
    ioctl(fd, LOOP_SET_STATUS64, ptr(info), "LOOP_SET_STATUS64");
  } catch (error) {
    ioctl(fd, LOOP_CLR_FD, 0, "LOOP_CLR_FD");
    throw error;
  }
}
