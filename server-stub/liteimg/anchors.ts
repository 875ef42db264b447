import { closeSync, constants, openSync } from "node:fs";
import { basename } from "node:path";
import type { ImageTree } from "./tree.ts";

const directoryItself = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Paths for changes to an image that stay in it whatever somebody who owns a part of it does meanwhile: each goes by an
 * open descriptor of its directory, to which no symlink has led. The last word on never leaving the image, whatever the
 * plan says. The descriptors are closed at the end: `using anchors = new Anchors(tree)`.
 */
export class Anchors implements Disposable {
  readonly #tree: ImageTree;
  /** Directories of the image by how they are spelt through their descriptors. */
  readonly #directories = new Map<string, string>();
  readonly #descriptors: number[] = [];

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  /**
   * The path of a location, also for a child process.
   *
   * @throws Error where a directory on its way is none
   */
  at(location: string): string {
    const path = this.#tree.real(location);
    const { root } = this.#tree;
    let directory = root;
    let descriptor = this.#open(root, location);
    for (const part of path.slice(root.length).split("/").filter(Boolean).slice(0, -1)) {
      directory = `${directory}/${part}`;
      descriptor = this.#open(`/proc/self/fd/${descriptor}/${part}`, location);
    }
    const anchor = `/proc/${process.pid}/fd/${descriptor}`;
    this.#directories.set(anchor, directory);
    return `${anchor}/${basename(path)}`;
  }

  /** A message of the kernel's about such paths in words that mean something afterwards. */
  spell(message: string): string {
    let text = message;
    for (const [anchor, directory] of this.#directories)
      text = text.replaceAll(`${anchor}/`, `${directory}/`);
    return text;
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors) closeSync(descriptor);
  }

  #open(path: string, location: string): number {
    try {
      const descriptor = openSync(path, directoryItself);
      this.#descriptors.push(descriptor);
      return descriptor;
    } catch (cause) {
      throw new Error(`${location} has a symlink, or something else that is no directory, on its way`, {
        cause,
      });
    }
  }
}
