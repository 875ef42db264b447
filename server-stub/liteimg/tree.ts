import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../agent/errors.ts";
import { defaultPath, linkedEntry } from "./links.ts";

/** What stands at a path. */
export type Look =
  | { readonly kind: "absent" }
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly empty: boolean }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "other" };

/** A path of the image that cannot be used; the message says why. */
export class UnusablePath extends Error {
  override readonly name = "UnusablePath";
}

/** That a row, or what has to be done for one, meets such a path. */
export function pathProblem(on: string, { message }: UnusablePath, remedy: string): Problem {
  const parts = { doing: "prepare the image", on, found: message, remedy };
  return { class: "fatal", code: "liteimg-path", ...parts };
}

const maxLinks = 40;

/**
 * Reads an image without ever leaving it: its symlinks are followed as a node would see them, by hand, so that
 * `/etc -> /etc` cannot lead to the management node's own. The links that liteimg itself made at entries are
 * seen through: below such an entry its content in /.default is looked at.
 */
export class ImageTree {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /**
   * Where a path really is: its parents' symlinks followed, its last component not.
   *
   * @param look what stands, or will stand, at a location
   * @throws UnusablePath
   */
  locate(path: string, look: (location: string) => Look): string {
    const location = this.#follow(path, false, look);
    if (/^\/\.(?:statelite|default)(?:\/|$)/.test(location))
      throw new UnusablePath(
        `it is really ${location}, within what liteimg keeps for another entry; name it as that entry does`,
      );
    return location;
  }

  /** The end of a symlink at a location, or undefined where it leads to nothing in the image. */
  destination(location: string, look: (location: string) => Look): string | undefined {
    try {
      const end = this.#follow(location, true, look);
      return look(end).kind === "absent" ? undefined : end;
    } catch (error) {
      if (error instanceof UnusablePath) return undefined; // A loop, or a way through a file: as good as nothing.
      throw error;
    }
  }

  /** What stands at a location; its parents must have no symlinks. */
  look(location: string): Look {
    const path = this.real(location);
    try {
      const stats = lstatSync(path);
      if (stats.isDirectory()) return { kind: "directory" };
      if (stats.isFile()) return { kind: "file", empty: stats.size === 0 };
      if (stats.isSymbolicLink()) return { kind: "symlink", target: readlinkSync(path) };
      return { kind: "other" };
    } catch (error) {
      if (isMissing(error)) return { kind: "absent" };
      throw error;
    }
  }

  /** The names in a directory at a location. */
  names(location: string): readonly string[] {
    return readdirSync(this.real(location));
  }

  /** The path on the management node of a location in the image. */
  real(location: string): string {
    const parts = location.split("/").filter((part) => part !== "");
    let at = "";
    for (const part of parts.slice(0, -1)) {
      at += `/${part}`;
      const entry = this.#entryLinkedAt(at);
      if (entry !== undefined) at = defaultPath(entry);
    }
    return join(this.root, at, parts.at(-1) ?? "");
  }

  /** Whether all parents of a path on the management node are directories of the image and no symlinks. */
  isInside(path: string): boolean {
    const parts = path
      .slice(this.root.length)
      .split("/")
      .filter((part) => part !== "");
    return parts.every((_, depth) => {
      const parent = join(this.root, ...parts.slice(0, depth));
      return lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() === true;
    });
  }

  /** Whether a symlink with that text at that location is liteimg's, and its content is in its place. */
  #isEntryLink(location: string, target: string): boolean {
    return linkedEntry(target) !== undefined && this.#entryLinkedAt(location) !== undefined;
  }

  #entryLinkedAt(location: string): string | undefined {
    if (/^\/\.(?:statelite|default)(?:\/|$)/.test(location)) return undefined;
    try {
      const entry = linkedEntry(readlinkSync(join(this.root, location)));
      return entry !== undefined && this.isInside(join(this.root, defaultPath(entry))) ? entry : undefined;
    } catch {
      return undefined; // No link, or nothing there.
    }
  }

  #follow(path: string, last: boolean, lookAt: (location: string) => Look): string {
    let todo = path.split("/").filter((part) => part !== "");
    let at: string[] = [];
    let links = 0;
    for (;;) {
      const part = todo.shift();
      if (part === undefined) return `/${at.join("/")}`;
      if (part === "." || part === "..") {
        at = part === "." ? at : at.slice(0, -1);
        continue;
      }
      const here = [...at, part];
      const look = todo.length > 0 || last ? lookAt(`/${here.join("/")}`) : undefined;
      if (look?.kind === "symlink" && !this.#isEntryLink(`/${here.join("/")}`, look.target)) {
        if (!last && this.destination(`/${here.join("/")}`, lookAt) === undefined)
          throw new UnusablePath(`/${here.join("/")} is a symlink that leads to nothing in the image`);
        links += 1;
        if (links > maxLinks) throw new UnusablePath("its symlinks lead in a circle");
        if (look.target.startsWith("/")) at = [];
        todo = [...look.target.split("/").filter((piece) => piece !== ""), ...todo];
        continue;
      }
      if (todo.length > 0 && (look?.kind === "file" || look?.kind === "other"))
        throw new UnusablePath(`/${here.join("/")} is no directory`);
      at = here;
    }
  }
}

/**
 * Whether two trees are the same to `cp -a`'s eye: names, types, modes, owners, sizes, times, link texts.
 * `keep`, locations below `second`, are not compared. Extended attributes are not either.
 */
export function sameTree(tree: ImageTree, first: string, second: string, keep: readonly string[]): boolean {
  const [a, b] = [first, second].map((location) => tree.look(location).kind) as [Look["kind"], Look["kind"]];
  if (a !== b) return false;
  if (a === "absent") return true;
  const [x, y] = [first, second].map((location) => lstatSync(tree.real(location), { bigint: true }));
  if (x === undefined || y === undefined || x.mode !== y.mode || x.uid !== y.uid || x.gid !== y.gid)
    return false;
  if (a === "symlink") return readlinkSync(tree.real(first)) === readlinkSync(tree.real(second));
  if (a !== "directory") return x.rdev === y.rdev && x.size === y.size && x.mtimeNs === y.mtimeNs;
  const left = (location: string): string[] =>
    tree
      .names(location)
      .filter((name) => !keep.includes(`${second}/${name}`))
      .sort();
  const names = left(first);
  if (names.join("/") !== left(second).join("/")) return false;
  return names.every((name) => sameTree(tree, `${first}/${name}`, `${second}/${name}`, keep));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
