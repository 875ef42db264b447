import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { MS, O } from "../kernel/constants.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { formatLocation, type Location } from "../plan/layout.ts";

/** How a bind mount is made. */
export interface BindOptions {
  readonly readonly: boolean;
  /** The last component of the target is followed where it is a symlink; otherwise that is an error. */
  readonly follow: boolean;
}

/**
 * Bind-mounts what a path leads to on what a location leads to. The kernel ignores `ro` on the bind itself
 * (mount(8)): the location is opened anew, as the new mount covers it now, and remounted. That sets all flags
 * at once: those of the mount that is shown are kept. @throws SystemError
 */
export async function bind(
  root: Root,
  calls: KernelCalls,
  from: string,
  target: Location,
  { readonly, follow }: BindOptions,
): Promise<void> {
  const open = O.PATH | (follow ? 0 : O.NOFOLLOW);
  await root.with(target, open, async (on) => {
    if (!follow && (await fs.stat(fdPath(on))).isSymbolicLink()) {
      throw new Error(`${formatLocation(target)} is a symlink, which is no place to mount on`);
    }
    await calls.mount(from, fdPath(on), "", MS.BIND, "");
  });
  if (!readonly) return;
  await root.with(target, open, async (mounted) => {
    const kept = await calls.mountFlags(fdPath(mounted));
    await calls.mount("", fdPath(mounted), "", MS.BIND | MS.REMOUNT | MS.RDONLY | kept, "");
  });
}
