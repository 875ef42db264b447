import type { BigIntStats } from "node:fs";
import { allSettled, awaitedLater, Limiter, takeTurns } from "../concurrency.ts";
import { SMALL } from "../kernel/copy-files.ts";
import { kindOf } from "../observe/look.ts";
import { namesOf, type OpenedSource, type SourcePath, type TreeReader } from "../observe/reader.ts";
import { fdPath } from "../observe/root.ts";
import { giveAttributes } from "./attributes.ts";
import { copyContent } from "./content.ts";
import type { Done } from "./effects.ts";
import type { Opened, TreeWriter } from "./writer.ts";

/** How a tree is copied. */
export interface CopyOptions {
  readonly from: TreeReader;
  readonly to: TreeWriter;
  /** Files under way at the same time: on NFS each waits for several round trips. */
  readonly width: number;
  /** Told after each file. */
  readonly progress?: (bytes: number, files: number) => void;
}

/** Directories nested deeper are refused: each level holds two descriptors open. */
export const MAX_DEPTH = 1024;

/** Of one copy: a directory may hold a million sockets. */
const MOST_NOTES = 100;

/** Files of several names whose other ones are looked for: those that came first are forgotten beyond. */
const MOST_LINKS = 100_000;

/** Where a copy goes, by two names. */
interface CopyTarget {
  /** Below the descriptor of its directory, which is open only while that directory is copied. */
  readonly path: Buffer;
  /** Below the descriptor that the whole copy was given: good until its end. */
  readonly lasting: Buffer;
  /** From the top of the copy, for messages and exclusions; empty for the top itself. */
  readonly relative: string;
}

/** One name in a directory that is copied. */
interface Child {
  readonly name: Buffer;
  readonly source: SourcePath;
  readonly to: CopyTarget;
}

/** A child, and what it is. */
interface Found extends Child {
  readonly stats: BigIntStats;
}

/** Copies one inode and what is below it, as rule 5 says. One instance for each copy: it knows its hard links. */
export class TreeCopy {
  readonly #options: CopyOptions;
  readonly #exclude: ReadonlySet<string>;
  readonly #files: Limiter;
  readonly #directories: Limiter;
  /** First copy of each inode with several names: its lasting path, once it is there. */
  readonly #links = new Map<string, Promise<Buffer>>();
  readonly #notes: string[] = [];
  /** Notes beyond the first ones. */
  #unsaid = 0;
  /** Something failed, and the copy will be removed: what has not begun yet need not. */
  #abandoned = false;
  #bytes = 0;
  #count = 0;

  /** @param exclude paths below the source that are left out, relative to it */
  constructor(options: CopyOptions, exclude: readonly string[]) {
    this.#options = options;
    this.#exclude = new Set(exclude);
    this.#files = new Limiter(options.width);
    this.#directories = new Limiter(options.width);
  }

  /** @param to path of the copy, below a descriptor of its directory that stays open; must not exist yet */
  async run(source: SourcePath, to: Buffer): Promise<Done> {
    await this.#node(
      source,
      { path: to, lasting: to, relative: "" },
      await this.#options.from.stat(source),
      0,
    );
    const unsaid = this.#unsaid === 0 ? [] : [`and ${this.#unsaid} more notes like these`];
    return { bytes: this.#bytes, files: this.#count, notes: [...this.#notes, ...unsaid] };
  }

  #note(text: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push(text);
    else this.#unsaid++;
  }

  async #node(source: SourcePath, to: CopyTarget, stats: BigIntStats, depth: number): Promise<void> {
    try {
      await this.#inode(source, to, stats, depth);
    } catch (error) {
      this.#abandoned = true;
      throw error;
    }
  }

  async #inode(source: SourcePath, to: CopyTarget, stats: BigIntStats, depth: number): Promise<void> {
    switch (kindOf(stats)) {
      case "directory":
        return this.#directory(source, to, depth);
      case "file":
        return this.#files.run(() => this.#file(source, to));
      case "symlink":
        await this.#options.to.symlink(await this.#options.from.readlink(source.path), to.path);
        return this.#finish(source, to, stats);
      case "device":
      case "fifo":
        await this.#options.to.node(to.path, Number(stats.mode), stats.rdev);
        return this.#finish(source, to, stats);
      case "socket":
        this.#note(`${to.relative || "."}: a socket, left out`);
        return;
    }
  }

  async #directory(source: SourcePath, to: CopyTarget, depth: number): Promise<void> {
    if (this.#abandoned) return;
    if (depth >= MAX_DEPTH)
      throw new Error(`directories are nested deeper than ${MAX_DEPTH} at ${to.relative}`);
    const from = await this.#options.from.openDirectory(source);
    try {
      await this.#options.to.directory(to.path);
      const copy = await this.#options.to.openDirectory(to.path);
      try {
        // Asked first for the directory: then it is known for its files whether there are any.
        await this.#options.from.xattrs(source, await from.stat());
        await this.#children(from, copy, to, depth);
        await this.#finish(source, to, await from.stat());
        await copy.finish();
      } finally {
        await copy.close();
      }
    } finally {
      await from.close();
    }
  }

  /** A part of the names at a time: a directory may hold a million. */
  async #children(from: OpenedSource, copy: Opened, to: CopyTarget, depth: number): Promise<void> {
    for await (const names of namesOf(this.#options.from, from)) {
      const some = names.flatMap((name): Child[] => {
        const relative = to.relative === "" ? name.toString() : `${to.relative}/${name.toString()}`;
        if (this.#exclude.has(relative)) return [];
        const lasting = Buffer.concat([to.lasting, Buffer.from("/"), name]);
        const source = { path: below(from.fd, name), follow: false };
        return [{ name, source, to: { path: below(copy.fd, name), lasting, relative } }];
      });
      await this.#someChildren(from, copy, some, depth);
    }
  }

  async #someChildren(
    from: OpenedSource,
    to: Opened,
    children: readonly Child[],
    depth: number,
  ): Promise<void> {
    const stats = await Promise.all(children.map(({ source }) => this.#options.from.stat(source)));
    const background: Promise<void>[] = [];
    const directories: (() => Promise<void>)[] = [];
    for (const [index, child] of children.entries()) {
      const found = stats[index];
      if (found === undefined) continue;
      const copy = () => this.#node(child.source, child.to, found, depth + 1);
      if (found.isDirectory()) directories.push(copy);
      else if (this.#isSmall(found))
        background.push(awaitedLater(this.#small(from, to, { ...child, stats: found }, depth)));
      else background.push(awaitedLater(copy()));
    }
    try {
      // One that waited for a place while it holds one itself could wait for ever.
      for (const copy of directories) await this.#directories.runOrWait(copy, background);
    } finally {
      // The descriptors that these work below are closed next, and their numbers used for something else.
      await allSettled(background);
    }
  }

  /** Whether a file may go with others of its kind: a regular one of one name, without holes. */
  #isSmall(stats: BigIntStats): boolean {
    const { from, to } = this.#options;
    if (from.copySmall === undefined || !to.inMemory) return false;
    return stats.isFile() && stats.nlink === 1n && stats.size <= SMALL && stats.blocks * 512n >= stats.size;
  }

  /** One that turns out to be something else is copied by itself. */
  async #small(from: OpenedSource, to: Opened, file: Found, depth: number): Promise<void> {
    if (this.#abandoned) return;
    const bytes = await this.#options.from.copySmall?.(from, to.fd, file.name, file.stats.dev);
    if (bytes === undefined) return this.#node(file.source, file.to, file.stats, depth + 1);
    this.#bytes += bytes;
    this.#count++;
    this.#options.progress?.(this.#bytes, this.#count);
  }

  async #file(source: SourcePath, to: CopyTarget): Promise<void> {
    if (this.#abandoned) return;
    const from = await this.#options.from.openFile(source);
    try {
      const stats = await from.stat();
      // Something else may have taken the name since it was looked at; O_NONBLOCK kept a FIFO from blocking.
      if (!stats.isFile()) throw new Error(`${to.relative}: is no longer the regular file that it was`);
      const inode = stats.nlink > 1n ? `${stats.dev}:${stats.ino}` : undefined;
      const first = inode === undefined ? undefined : this.#links.get(inode);
      if (first !== undefined) {
        await this.#options.to.link(await first, to.path);
        this.#count++;
        return;
      }
      const copied = this.#content(source, from, to, stats);
      if (inode !== undefined) {
        const ready = copied.then(() => to.lasting);
        ready.catch(() => undefined); // Reported by `copied` itself; who links to it sees it too.
        if (this.#links.size >= MOST_LINKS) forgetFirst(this.#links);
        this.#links.set(inode, ready);
      }
      await copied;
    } finally {
      await from.close();
    }
  }

  async #content(source: SourcePath, from: OpenedSource, to: CopyTarget, stats: BigIntStats): Promise<void> {
    const copy = await this.#options.to.file(to.path);
    try {
      const sparse = stats.blocks * 512n < stats.size;
      const wrote = (bytes: number) => {
        this.#bytes += bytes;
        this.#options.progress?.(this.#bytes, this.#count);
      };
      await copyContent(from, copy, { size: Number(stats.size), sparse, wrote });
      await this.#finish(source, to, stats);
      await copy.finish();
    } finally {
      await copy.close();
    }
  }

  async #finish(source: SourcePath, to: CopyTarget, stats: BigIntStats): Promise<void> {
    const { from, to: writer, progress } = this.#options;
    const xattrs = await from.xattrs(source, stats);
    for (const note of await giveAttributes(writer, to.path, to.relative || ".", { stats, xattrs }))
      this.#note(note);
    this.#count++;
    progress?.(this.#bytes, this.#count);
    await takeTurns();
  }
}

function forgetFirst<K>(map: Map<K, unknown>): void {
  for (const first of map.keys()) {
    map.delete(first);
    return;
  }
}

/** `/proc/self/fd/<directory>/<name>`, the name's bytes as they are. */
export function below(directory: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${fdPath(directory)}/`), name]);
}
