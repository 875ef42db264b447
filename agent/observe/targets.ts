import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { baseName, followLink, joinPath, LAYOUT, parentPath } from "../plan/layout.ts";
import type { Target } from "../plan/observation.ts";
import { kindOf } from "./look.ts";
import { fdPath, type Root } from "./root.ts";

const MAX_LINKS = 40;

/**
 * Where entries' paths really are in the image, as the node will see it: links of the image above the last
 * component are followed, but not those that liteimg made, which lead to what is about to be placed.
 * A path that only goes round in links has nothing at it. @throws SystemError where the image cannot be read
 */
export async function lookAtTargets(
  root: Root,
  calls: KernelCalls,
  paths: readonly string[],
): Promise<Map<string, Target>> {
  const known = new Map<string, string>();
  const found = await Promise.all(
    paths.map(async (path): Promise<[string, Target]> => {
      const parent = await canonicalDirectory(root, calls, parentPath(path), known, { links: 0 });
      if (parent === undefined) return [path, { canonical: path }];
      return [path, await lookAtTarget(root, calls, joinPath(parent, baseName(path)))];
    }),
  );
  return new Map(found);
}

/**
 * Undefined where links go round. `known` holds finished answers only: one that is still being looked for
 * may be waiting for this very question. `budget` counts the links followed for one path.
 */
async function canonicalDirectory(
  root: Root,
  calls: KernelCalls,
  path: string,
  known: Map<string, string>,
  budget: { links: number },
): Promise<string | undefined> {
  if (path === "/") return "/";
  const before = known.get(path);
  if (before !== undefined) return before;
  const parent = await canonicalDirectory(root, calls, parentPath(path), known, budget);
  if (parent === undefined) return undefined;
  const here = joinPath(parent, baseName(path));
  const text = await linkText(root, calls, here);
  const target = text === undefined ? here : followLink(here, text);
  const byLiteimg = target === joinPath(LAYOUT.tmpfs, path) || target === joinPath(LAYOUT.tmpfs, here);
  if (text === undefined || byLiteimg) {
    known.set(path, here);
    return here;
  }
  if (++budget.links > MAX_LINKS) return undefined;
  const answer = await canonicalDirectory(root, calls, target, known, budget);
  if (answer !== undefined) known.set(path, answer);
  return answer;
}

async function linkText(root: Root, calls: KernelCalls, path: string): Promise<string | undefined> {
  try {
    return await root.with({ tree: "/", path: parentPath(path) }, O.PATH | O.DIRECTORY, (fd) =>
      calls.readlinkAt(fd, baseName(path)),
    );
  } catch (error) {
    // EINVAL: there, and no symlink. Otherwise not there: its parent may come from a source.
    const code = errorCode(error);
    if (code === "EINVAL" || code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

async function lookAtTarget(root: Root, calls: KernelCalls, canonical: string): Promise<Target> {
  const text = await linkText(root, calls, canonical);
  const link = text === undefined ? {} : { linkText: text };
  try {
    const stats = await root.with({ tree: "/", path: canonical }, O.PATH, (fd) => fs.stat(fdPath(fd)));
    return { canonical, kind: kindOf(stats), ...link };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return { canonical, ...link };
    throw error;
  }
}
