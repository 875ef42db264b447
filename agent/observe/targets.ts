import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errnoNumber, errorCode, SystemError } from "../kernel/errno.ts";
import { baseName, followLink, joinPath, LAYOUT, parentPath } from "../plan/layout.ts";
import type { Target } from "../plan/observation.ts";
import { kindOf } from "./look.ts";
import { fdPath, type Root } from "./root.ts";

const MAX_LINKS = 40;

/**
 * Where entries' paths really are in the image, as the node will see it: links of the image above the last
 * component are followed, but not those that liteimg made, which lead to what is about to be placed.
 * @throws SystemError for a loop of links, or where the image cannot be read
 */
export async function lookAtTargets(
  root: Root,
  calls: KernelCalls,
  paths: readonly string[],
): Promise<Map<string, Target>> {
  const directories = new Map<string, Promise<string>>();
  const found = await Promise.all(
    paths.map(async (path): Promise<[string, Target]> => {
      const parent = await canonicalDirectory(root, calls, parentPath(path), directories, 0);
      return [path, await lookAtTarget(root, calls, joinPath(parent, baseName(path)))];
    }),
  );
  return new Map(found);
}

function canonicalDirectory(
  root: Root,
  calls: KernelCalls,
  path: string,
  known: Map<string, Promise<string>>,
  links: number,
): Promise<string> {
  if (path === "/") return Promise.resolve("/");
  let answer = known.get(path);
  if (answer === undefined) {
    answer = findCanonical(root, calls, path, known, links);
    known.set(path, answer);
  }
  return answer;
}

async function findCanonical(
  root: Root,
  calls: KernelCalls,
  path: string,
  known: Map<string, Promise<string>>,
  links: number,
): Promise<string> {
  if (links > MAX_LINKS) throw new SystemError(`resolve ${path} in the image`, errnoNumber("ELOOP"));
  const parent = await canonicalDirectory(root, calls, parentPath(path), known, links);
  const here = joinPath(parent, baseName(path));
  const text = await linkText(root, calls, here);
  if (text === undefined) return here;
  const target = followLink(here, text);
  if (target === joinPath(LAYOUT.tmpfs, path) || target === joinPath(LAYOUT.tmpfs, here)) return here;
  return target === "/" ? "/" : findCanonical(root, calls, target, known, links + 1);
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
