import type { KernelCalls } from "../kernel/calls.ts";
import { MS, O } from "../kernel/constants.ts";
import { fdPath, type Root } from "../observe/root.ts";
import type { Location } from "../plan/layout.ts";

/**
 * Bind-mounts what a path leads to on what a location leads to. The kernel ignores `ro` on the bind itself
 * (mount(8)): the location is opened anew, as the new mount covers it now, and remounted. @throws SystemError
 */
export async function bind(
  root: Root,
  calls: KernelCalls,
  from: string,
  target: Location,
  readonly: boolean,
): Promise<void> {
  await root.with(target, O.PATH, (on) => calls.mount(from, fdPath(on), "", MS.BIND, ""));
  if (!readonly) return;
  const flags = MS.BIND | MS.REMOUNT | MS.RDONLY | MS.NODEV;
  await root.with(target, O.PATH, (mounted) => calls.mount("", fdPath(mounted), "", flags, ""));
}
