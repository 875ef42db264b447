import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { baseName, type Location, parentPath } from "../plan/layout.ts";

/**
 * Directories above the places where content goes, made where they are missing and held open. They take
 * owner and mode from the image's directory of the same path, so that what is private there stays private.
 */
export class Parents {
  readonly #root: Root;
  readonly #calls: KernelCalls;
  readonly #open = new Map<string, Promise<number>>();

  constructor(root: Root, calls: KernelCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** A descriptor of the directory above `location`; stays open until {@link close}. @throws SystemError */
  above(location: Location): Promise<number> {
    return this.directory({ tree: location.tree, path: parentPath(location.path) });
  }

  async close(): Promise<void> {
    for (const fd of this.#open.values()) {
      const opened = await fd.catch(() => undefined); // Whoever asked for it has seen the failure.
      if (opened !== undefined) await this.#calls.close(opened);
    }
    this.#open.clear();
  }

  /** The same for the directory itself. @throws SystemError */
  directory(location: Location): Promise<number> {
    const key = `${location.tree}\0${location.path}`;
    let fd = this.#open.get(key);
    if (fd === undefined) {
      fd = this.#openOrMake(location);
      this.#open.set(key, fd);
      // A failure is not remembered: the next row may find that its parent has made the directory.
      fd.catch(() => this.#open.delete(key));
    }
    return fd;
  }

  async #openOrMake(location: Location): Promise<number> {
    try {
      return await this.#root.open(location, O.PATH | O.DIRECTORY);
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || location.path === "/") throw error;
    }
    const above = await this.directory({ tree: location.tree, path: parentPath(location.path) });
    const path = fdPath(above, baseName(location.path));
    const { mode, uid, gid } = await this.#likeImage(location.path);
    try {
      await fs.mkdir(path, { mode: 0o700 });
      await fs.lchown(path, uid, gid);
      await fs.chmod(path, mode);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    return this.#root.open(location, O.PATH | O.DIRECTORY);
  }

  async #likeImage(path: string): Promise<{ mode: number; uid: number; gid: number }> {
    try {
      return await this.#root.with({ tree: "/", path }, O.PATH | O.DIRECTORY, async (fd) => {
        const stats = await fs.stat(fdPath(fd));
        return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
      });
    } catch {
      // The image has no such directory, so there is nothing to be like: what mkdir -p would make.
      return { mode: 0o755, uid: 0, gid: 0 };
    }
  }
}
