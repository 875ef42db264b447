import { mkdirSync } from "node:fs";
import { O } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { close, openAt, openIn } from "../kernel/tree.ts";
import type { ByteString } from "./archive.ts";

/** Directories held open: members of one directory mostly come one after the other. */
const OPEN_DIRECTORIES = 16;

/**
 * The directories of a tree that an archive is written into. Each is looked up inside the tree, whatever symlinks the
 * archive made before (RESOLVE_IN_ROOT of openat2(2)).
 */
export class DirectoriesInside {
  readonly #top: number;
  readonly #open = new Map<ByteString, number>();

  /** @param top descriptor of the tree, open for as long as this is used */
  constructor(top: number) {
    this.#top = top;
  }

  /** Leaves a few open. No path of {@link place} that was given before is good any more. */
  closeSome(): void {
    for (const [path, fd] of this.#open) {
      if (this.#open.size <= OPEN_DIRECTORIES) break;
      this.#open.delete(path);
      close(fd);
    }
  }

  /** The path by which the kernel finds a name in its directory, whatever lies between. */
  place(path: ByteString): Buffer {
    if (path === "") return Buffer.from(`/proc/self/fd/${this.#top}/.`);
    const slash = path.lastIndexOf("/");
    const directory = this.at(slash < 0 ? "" : path.slice(0, slash));
    return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), bytesOf(path.slice(slash + 1))]);
  }

  /** A descriptor of a directory inside the tree, made where no member made it. */
  at(path: ByteString): number {
    if (path === "") return this.#top;
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const fd = this.#openOrMake(path);
    this.#open.set(path, fd);
    return fd;
  }

  #openOrMake(path: ByteString): number {
    try {
      return this.#openDirectory(path);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
    mkdirSync(this.place(path), 0o755);
    return this.#openDirectory(path);
  }

  #openDirectory(path: ByteString): number {
    const bytes = bytesOf(path);
    const text = bytes.toString();
    if (Buffer.from(text).equals(bytes)) return openIn(this.#top, text, O.PATH | O.DIRECTORY);
    // Not UTF-8, which openIn has no way to say: one component at a time, and no symlinks.
    const slash = path.lastIndexOf("/");
    const above = this.at(slash < 0 ? "" : path.slice(0, slash));
    return openAt(above, bytesOf(path.slice(slash + 1)), O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC, 0);
  }

  /** Closes all: what was reached through one may be elsewhere now. */
  forget(): void {
    for (const fd of this.#open.values()) close(fd);
    this.#open.clear();
  }
}

export function bytesOf(text: ByteString): Buffer {
  return Buffer.from(text, "latin1");
}
