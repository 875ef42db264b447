import { promises as fs } from "node:fs";
import { BootError } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { withMountpoint } from "../mounts/volatile.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { baseName, LAYOUT, parentPath } from "../plan/layout.ts";
import { diskProblem } from "./plan.ts";

/**
 * Sees to it that the local space has a place in the root. An image need not have all of it: above its own
 * `/.sllocal` a tmpfs will do, as the disk is what is to last. @throws BootError
 */
export async function prepareMountpoint(root: Root, calls: KernelCalls): Promise<void> {
  const path = LAYOUT.localDisk;
  try {
    if (await isMade(root, calls, path)) return;
    const above = { tree: "/", path: parentPath(path) };
    const flags = O.PATH | O.DIRECTORY | O.NOFOLLOW;
    await root.with(above, flags, (fd) =>
      calls.mount("statelite-local", fdPath(fd), "tmpfs", 0, "mode=755,size=64k"),
    );
    await root.with(above, flags, (fd) => fs.mkdir(fdPath(fd, baseName(path)), 0o755));
  } catch (error) {
    const remedy = `mkdir -p ${path} in the image's rootimg on the server`;
    const found = `there is no place to mount the local space on: ${errorReason(error)}`;
    throw new BootError([diskProblem(path, found, remedy)], { cause: error });
  }
}

/** There, or made now, as a root in memory lets one; false in one that cannot be written. */
async function isMade(root: Root, calls: KernelCalls, path: string): Promise<boolean> {
  try {
    await withMountpoint(root, calls, path, () => Promise.resolve());
    return true;
  } catch (error) {
    // Made it could not be, and then it was not there.
    if (!["EROFS", "ENOENT"].includes(errorCode(error) ?? "")) throw error;
    return false;
  }
}
