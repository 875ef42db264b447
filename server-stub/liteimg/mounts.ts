import { readFileSync, rmSync } from "node:fs";
import { parseMountInfo } from "../../agent/observe/mountinfo.ts";
import { UnusablePath } from "./tree.ts";

/** Paths on the management node that something is mounted on, as they are now. */
export function mountPoints(): readonly string[] {
  return parseMountInfo(readFileSync("/proc/self/mountinfo", "utf8")).map(({ mountPoint }) => mountPoint);
}

/**
 * Refuses what something else is mounted on, or in: to move or remove it would be to move or remove, say, the management
 * node's own /dev or /home, that somebody has bind-mounted into the image for a chroot.
 *
 * @param path on the management node, without symlinks
 * @param points where many paths are looked at in one moment: they are read once
 * @throws UnusablePath which names the mount
 */
export function refuseMounts(path: string, points = mountPoints()): void {
  const found = points.find((point) => point === path || point.startsWith(`${path}/`));
  if (found !== undefined) throw new UnusablePath(`${found} is a mount, and its content not of the image`);
}

/**
 * Removes a tree, and nothing that is mounted in it.
 *
 * @param real its path without descriptors, by which mounts are known
 */
export function removeTree(path: string, real: string): void {
  refuseMounts(real);
  rmSync(path, { recursive: true, force: true });
}
