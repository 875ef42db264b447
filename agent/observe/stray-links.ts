import { promises as fs } from "node:fs";
import { O } from "../kernel/constants.ts";
import { followLink, joinPath, LAYOUT, type Location } from "../plan/layout.ts";
import { fdPath, type Root } from "./root.ts";
import { lookAtTargets } from "./targets.ts";

/** Links of one image that are looked at: liteimg makes one for each row, and a hostile image is no reason to wait. */
const MOST = 100_000;

/**
 * Paths of an image that is not booted which liteimg has made links of, to what a boot places by their rows: what it has
 * left below the image's own /.statelite/tmpfs tells. On a node without such a row they lead nowhere.
 *
 * @param hasRow whether a row is for a path, or for what it lies in
 */
export async function strayLinks(root: Root, hasRow: (path: string) => boolean): Promise<string[]> {
  const left = await linksBelow(root, { tree: LAYOUT.tmpfs, path: "/" }, []);
  const paths = left.filter((path) => !hasRow(path));
  const targets = await lookAtTargets(root, paths);
  return paths.filter((path) => {
    const target = targets.get(path);
    if (target?.linkText === undefined) return false;
    return followLink(target.canonical, target.linkText) === joinPath(LAYOUT.tmpfs, path);
  });
}

async function linksBelow(root: Root, directory: Location, found: string[]): Promise<string[]> {
  const names = await namesIn(root, directory);
  for (const name of names) {
    if (found.length >= MOST) break;
    const path = joinPath(directory.path, name.name);
    if (name.isSymbolicLink()) found.push(path);
    else if (name.isDirectory()) await linksBelow(root, { ...directory, path }, found);
  }
  return found;
}

/** None where there is no such directory: liteimg was never run, or makes no link. */
async function namesIn(root: Root, directory: Location) {
  try {
    return await root.with(directory, O.DIRECTORY | O.NOFOLLOW, (fd) =>
      fs.readdir(fdPath(fd, "."), { withFileTypes: true }),
    );
  } catch {
    return [];
  }
}
