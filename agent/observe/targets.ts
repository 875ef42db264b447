import { promises as fs } from "node:fs";
import { Limiter } from "../concurrency.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, isAbsence } from "../kernel/errno.ts";
import { baseName, followLink, isBelow, joinPath, LAYOUT, ownDirectory, parentPath } from "../plan/layout.ts";
import type { Target } from "../plan/observation.ts";
import { kindOf, placeInTree } from "./look.ts";
import type { TreeReader } from "./reader.ts";
import { fdPath, type Root } from "./root.ts";

const MAX_LINKS = 40;

/** Directories looked at side by side. */
const LOOK_WIDTH = 16;

/**
 * Where entries' paths really are in the image, as the node will see it: links of the image above the last
 * component are followed, but not those that liteimg made, which lead to what is about to be placed.
 * A path that only goes round in links has nothing at it. @throws SystemError where the image cannot be read
 */
export async function lookAtTargets(root: Root, paths: readonly string[]): Promise<Map<string, Target>> {
  const targets = new Map<string, Target>();
  const places = await canonicalPlaces(root, paths);
  const inDirectory = async (entries: readonly Place[]): Promise<void> => {
    const found = await lookInDirectory(root, entries);
    for (const [path, target] of found) targets.set(path, target);
  };
  const limiter = new Limiter(LOOK_WIDTH);
  await Promise.all([...places.values()].map((entries) => limiter.run(() => inDirectory(entries))));
  for (const path of paths) if (!targets.has(path)) targets.set(path, { canonical: path });
  return targets;
}

/** An entry's path, and where it really is. */
interface Place {
  readonly path: string;
  readonly canonical: string;
}

/** Places by their directory; a path whose links go round has none. */
async function canonicalPlaces(root: Root, paths: readonly string[]): Promise<Map<string, Place[]>> {
  const known = new Map<string, string>();
  const limiter = new Limiter(LOOK_WIDTH);
  const parents = [...new Set(paths.map(parentPath))];
  await Promise.all(
    parents.map((parent) => limiter.run(() => canonicalDirectory(root, parent, known, { links: 0 }))),
  );
  const places = new Map<string, Place[]>();
  for (const path of paths) {
    const parent = parentPath(path) === "/" ? "/" : known.get(parentPath(path));
    if (parent === undefined) continue;
    const there = places.get(parent);
    const place = { path, canonical: joinPath(parent, baseName(path)) };
    if (there === undefined) places.set(parent, [place]);
    else there.push(place);
  }
  return places;
}

/**
 * Undefined where links go round. `known` holds finished answers only: one that is still being looked for
 * may be waiting for this very question. `budget` counts the links followed for one path.
 */
async function canonicalDirectory(
  root: Root,
  path: string,
  known: Map<string, string>,
  budget: { links: number },
): Promise<string | undefined> {
  if (path === "/") return "/";
  const before = known.get(path);
  if (before !== undefined) return before;
  const parent = await canonicalDirectory(root, parentPath(path), known, budget);
  if (parent === undefined) return undefined;
  const here = joinPath(parent, baseName(path));
  const text = await linkText(root, here);
  const target = text === undefined ? here : followLink(here, text);
  const byLiteimg = target === joinPath(LAYOUT.tmpfs, path) || target === joinPath(LAYOUT.tmpfs, here);
  if (text === undefined || byLiteimg) {
    known.set(path, here);
    return here;
  }
  if (++budget.links > MAX_LINKS) return undefined;
  const answer = await canonicalDirectory(root, target, known, budget);
  if (answer !== undefined) known.set(path, answer);
  return answer;
}

async function linkText(root: Root, path: string): Promise<string | undefined> {
  try {
    return await root.with({ tree: "/", path: parentPath(path) }, O.DIRECTORY, (fd) =>
      fs.readlink(fdPath(fd, baseName(path))),
    );
  } catch (error) {
    // EINVAL: there, and no symlink. Otherwise not there: its parent may come from a source.
    if (errorCode(error) === "EINVAL" || isAbsence(error)) return undefined;
    throw error;
  }
}

/** All names of one directory of the image, which is opened once; where it is missing, so are they. */
async function lookInDirectory(root: Root, places: readonly Place[]): Promise<[string, Target][]> {
  const directory = parentPath(places[0]?.canonical ?? "/");
  try {
    return await root.reading({ tree: "/", path: directory }, O.DIRECTORY, async (fd, reader) => {
      const behind = await placeInTree(root, "/", fd);
      return Promise.all(
        places.map(async ({ path, canonical }): Promise<[string, Target]> => {
          // By a link that liteimg made, which leads to nothing yet: see isNotYet.
          if (behind !== directory) return [path, { canonical }];
          return [path, await lookAtTarget(root, fd, reader, canonical)];
        }),
      );
    });
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return places.map(({ path, canonical }) => [path, { canonical }]);
  }
}

async function lookAtTarget(
  root: Root,
  directory: number,
  reader: TreeReader,
  canonical: string,
): Promise<Target> {
  const path = Buffer.from(fdPath(directory, baseName(canonical)));
  let link: { linkText?: string } = {};
  try {
    const stats = await reader.stat({ path, follow: false });
    if (!stats.isSymbolicLink()) return { canonical, kind: kindOf(stats) };
    const linkText = (await reader.readlink(path)).toString();
    link = { linkText };
    if (isNotYet(followLink(canonical, linkText))) return { canonical, linkText };
    const found = await root.with({ tree: "/", path: canonical }, 0, async (fd) => {
      const [stats, behind] = await Promise.all([fs.stat(fdPath(fd)), placeInTree(root, "/", fd)]);
      return { canonical, kind: kindOf(stats), ...link, ...(behind !== undefined && { behind }) };
    });
    const byLiteimg = await leadsByLiteimg(root, followLink(canonical, linkText), found.behind);
    return byLiteimg ? { canonical, linkText } : found;
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return { canonical, ...link };
  }
}

/** Whether it is one of liteimg's links, somewhere on the way, by which one of the image's own leads to a default. */
async function leadsByLiteimg(root: Root, path: string, behind: string | undefined): Promise<boolean> {
  if (behind === undefined || ownDirectory(behind) === undefined) return false;
  return (await canonicalDirectory(root, path, new Map(), { links: 0 })) !== behind;
}

/**
 * A node's tmpfs is empty at this moment. In an image that is not booted but planned for, liteimg's own links are there,
 * and lead on to the defaults.
 */
function isNotYet(path: string): boolean {
  return isBelow(path, LAYOUT.tmpfs);
}
