import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { baseName, joinPath, LAYOUT, type Location, parentPath } from "../plan/layout.ts";
import { setModeOf } from "./mode.ts";
import { makeAside } from "./whole.ts";
import { memoryWriter } from "./writer.ts";

/**
 * Directories above the places where content goes, made where they are missing and held open. They take
 * owner and mode from the image's directory of the same path, so that what is private there stays private.
 */
export class Parents {
  readonly #root: Root;
  readonly #calls: KernelCalls;
  readonly #open = new Map<string, Promise<Opened>>();

  constructor(root: Root, calls: KernelCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** A descriptor of the directory above `location`; stays open until {@link close}. @throws SystemError */
  async above(location: Location): Promise<number> {
    return (await this.#directory(directoryOf(location))).fd;
  }

  /** Gives the directory above a new inode of the tmpfs the times again that it had before. */
  async keepTimes(location: Location): Promise<void> {
    const { fd, atimeNs, mtimeNs } = await this.#directory(directoryOf(location));
    await memoryWriter.times(Buffer.from(fdPath(fd, ".")), atimeNs, mtimeNs);
  }

  async close(): Promise<void> {
    for (const promise of this.#open.values()) {
      const opened = await promise.catch(() => undefined); // Whoever asked for it has seen the failure.
      if (opened !== undefined) await this.#calls.close(opened.fd);
    }
    this.#open.clear();
  }

  #directory(location: Location): Promise<Opened> {
    const key = `${location.tree}\0${location.path}`;
    let opened = this.#open.get(key);
    if (opened === undefined) {
      opened = this.#openOrMake(location);
      this.#open.set(key, opened);
      // A failure is not remembered: the next row may find that its parent has made the directory.
      opened.catch(() => this.#open.delete(key));
    }
    return opened;
  }

  async #openOrMake(location: Location): Promise<Opened> {
    try {
      return await this.#opened(location);
    } catch (error) {
      if (errorCode(error) !== "ENOENT" || location.path === "/") throw error;
    }
    const above = await this.above(location);
    const { mode, uid, gid } = await this.#likeImage(location.path);
    try {
      // A boot that is cut off must not leave one in the state area that only root can pass.
      await makeAside(this.#calls, above, baseName(location.path), async (path) => {
        await fs.mkdir(path, { mode: 0o700 });
        await fs.lchown(path, uid, gid);
        await setModeOf(path, mode);
      });
      if (location.tree === LAYOUT.tmpfs) await this.keepTimes(location);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    return this.#opened(location);
  }

  async #opened(location: Location): Promise<Opened> {
    const fd = await this.#root.open(location, O.PATH | O.DIRECTORY);
    const { atimeNs, mtimeNs } = await fs.stat(fdPath(fd, "."), { bigint: true });
    return { fd, atimeNs, mtimeNs };
  }

  /** The image's own, or what liteimg moved away for a link; where neither has it, what mkdir -p would make. */
  async #likeImage(path: string): Promise<{ mode: number; uid: number; gid: number }> {
    for (const place of [path, joinPath(LAYOUT.defaults, path)]) {
      try {
        return await this.#root.with({ tree: "/", path: place }, O.PATH | O.DIRECTORY, async (fd) => {
          const stats = await fs.stat(fdPath(fd, "."));
          return { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
        });
      } catch {
        // Not there, or not to be looked at: then there is nothing to be like.
      }
    }
    return { mode: 0o755, uid: 0, gid: 0 };
  }
}

/** A directory held open, and its times when it was opened. */
interface Opened {
  readonly fd: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
}

function directoryOf({ tree, path }: Location): Location {
  return { tree, path: parentPath(path) };
}
