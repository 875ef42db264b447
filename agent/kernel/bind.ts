import { fstatSync } from "node:fs";
import { MS, O } from "./constants.ts";
import type { PlaceInTree } from "./inspect.ts";
import { mount, mountFlags } from "./mount.ts";
import { close, openIn } from "./tree.ts";

/** How a bind mount is made. */
export interface BindOptions {
  readonly readonly: boolean;
  /** The last component of the target is followed where it is a symlink; otherwise that is an error. */
  readonly follow: boolean;
}

/**
 * Bind-mounts what a path or a place inside a tree leads to on a place inside a tree. The kernel ignores `ro` on the bind itself (mount(8)):
 * the place is opened anew, as the new mount covers it now, and remounted. That sets all flags at once: those of the
 * mount that is shown are kept.
 * @throws SystemError; Error where the place is a symlink that is not to be followed
 */
export function bindMount(
  from: string | PlaceInTree,
  target: PlaceInTree,
  { readonly, follow }: BindOptions,
): void {
  if (typeof from !== "string") {
    at(from, O.PATH, (fd) => bindMount(`/proc/self/fd/${fd}`, target, { readonly, follow }));
    return;
  }
  const open = O.PATH | (follow ? 0 : O.NOFOLLOW);
  at(target, open, (fd) => {
    if (!follow && fstatSync(fd).isSymbolicLink())
      throw new Error("a symlink, which is no place to mount on");
    mount(from, `/proc/self/fd/${fd}`, "", MS.BIND, "");
  });
  if (!readonly) return;
  at(target, open, (fd) => {
    const path = `/proc/self/fd/${fd}`;
    mount("", path, "", MS.BIND | MS.REMOUNT | MS.RDONLY | mountFlags(path), "");
  });
}

function at({ tree, path }: PlaceInTree, flags: number, use: (fd: number) => void): void {
  const fd = openIn(tree, path, flags);
  try {
    use(fd);
  } finally {
    close(fd);
  }
}
