import { promises as fs, lstatSync } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errnoNumber, errorCode, errorReason, SystemError } from "../kernel/errno.ts";
import type { SourcePath, TreeReader } from "../observe/reader.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { baseName, formatLocation, LAYOUT, type Location, parentPath } from "../plan/layout.ts";
import type { Op } from "../plan/op.ts";
import { giveAttributes } from "./attributes.ts";
import { copyContent } from "./content.ts";
import { below, TreeCopy } from "./copy.ts";
import { type Done, type Effects, NOTHING_DONE } from "./effects.ts";
import { mergeInto } from "./merge.ts";
import { mountOverlay } from "./overlay.ts";
import { Parents } from "./parents.ts";
import type { CopyProgress } from "./progress.ts";
import { allOrNothing, makeAside, removeReplaced, replaceAside } from "./whole.ts";
import { durableWriter, memoryWriter, type OpenedFile, type TreeWriter } from "./writer.ts";

/** Files under way at the same time in one copy. */
const COPY_WIDTH = 32;

type OpOf<Kind extends Op["kind"]> = Extract<Op, { kind: Kind }>;

/** Carries out ops on a mounted root. Every path is resolved inside the tree that its location names. */
export class LinuxEffects implements Effects {
  readonly #root: Root;
  readonly #calls: KernelCalls;
  readonly #parents: Parents;
  readonly #progress: CopyProgress | undefined;

  constructor(root: Root, calls: KernelCalls, progress?: CopyProgress) {
    this.#root = root;
    this.#calls = calls;
    this.#parents = new Parents(root, calls);
    this.#progress = progress;
  }

  async run(op: Op): Promise<Done> {
    const done = await this.#make(op);
    const made = "to" in op ? op.to : "at" in op ? op.at : undefined;
    // The directory above may be a copy that another row has made: its times are the original's.
    if (made?.tree === LAYOUT.tmpfs) await this.#parents.keepTimes(made);
    return done;
  }

  #make(op: Op): Promise<Done> {
    switch (op.kind) {
      case "copy":
        return this.#copy(op);
      case "seed":
        return this.#seed(op);
      case "remember":
        return this.#remember(op);
      case "overlay":
        return this.#overlay(op);
      case "concatenate":
        return this.#concatenate(op);
      case "symlink":
        return this.#symlink(op);
      case "mountpoint":
        return this.#mountpoint(op);
      case "bind":
        return this.#bind(op);
      default:
        return op satisfies never;
    }
  }

  /** Lets go of the directories held open; ops may still be run afterwards. */
  close(): Promise<void> {
    return this.#parents.close();
  }

  async #copy(op: OpOf<"copy">): Promise<Done> {
    const directory = await this.#parents.above(op.to);
    const to = below(directory, Buffer.from(baseName(op.to.path)));
    // What is there already is not ours to remove.
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) {
      throw new SystemError(`copy to ${formatLocation(op.to)}`, errnoNumber("EEXIST"));
    }
    return allOrNothing(to, () => this.#copyTo(op, to, memoryWriter));
  }

  async #copyTo(op: OpOf<"copy" | "seed">, to: Buffer, writer: TreeWriter): Promise<Done> {
    const progress = this.#progress;
    return this.#withSource(op.from, op.follow, (source, from) =>
      new TreeCopy(
        {
          from,
          to: writer,
          width: COPY_WIDTH,
          ...(progress && { progress: (bytes, files) => progress(op, bytes, files) }),
        },
        op.exclude,
      ).run(source, to),
    );
  }

  /**
   * Copied beside its place under a name of its own, made durable, then renamed: whatever moment the power
   * fails, the place has all of it or nothing, and the next boot removes the rest and begins again.
   */
  async #seed(op: OpOf<"seed">): Promise<Done> {
    const make = (path: string) => this.#copyTo(op, Buffer.from(path), durableWriter(this.#calls));
    if (op.merge) {
      return this.#root.with(op.to, O.DIRECTORY | O.NOFOLLOW, async (directory) => {
        const done = await mergeInto(this.#calls, directory, make);
        await syncDirectory(directory);
        return done;
      });
    }
    const directory = await this.#parents.above(op.to);
    const how = op.replaces ? replaceAside : makeAside;
    const done = await how(this.#calls, directory, baseName(op.to.path), make);
    await removeReplaced(directory, baseName(op.to.path));
    await syncDirectory(directory);
    return done;
  }

  /** A state that cannot be written to any more is still the state: that is a note. */
  async #remember(op: OpOf<"remember">): Promise<Done> {
    try {
      const directory = await this.#parents.above(op.at);
      const path = below(directory, Buffer.from(baseName(op.at.path)));
      const file = await durableWriter(this.#calls).file(path);
      await file.finish();
      await file.close();
      return { bytes: 0, files: 1, notes: [] };
    } catch (error) {
      return { ...NOTHING_DONE, notes: [`not remembered: ${errorReason(error)}`] };
    }
  }

  async #overlay(op: OpOf<"overlay">): Promise<Done> {
    const directory = await this.#parents.above(op.to);
    return mountOverlay(op, below(directory, Buffer.from(baseName(op.to.path))), {
      root: this.#root,
      calls: this.#calls,
    });
  }

  async #concatenate(op: OpOf<"concatenate">): Promise<Done> {
    const directory = await this.#parents.above(op.to);
    const path = below(directory, Buffer.from(baseName(op.to.path)));
    const to = await memoryWriter.file(path);
    try {
      return await allOrNothing(path, async () => {
        let bytes = 0;
        for (const location of op.from) bytes += await this.#append(location, to, bytes);
        await memoryWriter.mode(path, 0o644);
        return { bytes, files: 1, notes: [] };
      });
    } finally {
      await to.close();
    }
  }

  #append(location: Location, to: OpenedFile, position: number): Promise<number> {
    return this.#withSource(location, true, async (source, reader) => {
      const from = await reader.openFile(source);
      try {
        const stats = await from.stat();
        if (!stats.isFile()) throw new Error(`${location.path} is no regular file`);
        let written = 0;
        const wrote = (bytes: number) => (written += bytes);
        await copyContent(from, to, { size: Number(stats.size), sparse: false, at: position, wrote });
        return written;
      } finally {
        await from.close();
      }
    });
  }

  async #symlink(op: OpOf<"symlink">): Promise<Done> {
    const directory = await this.#parents.above(op.at);
    await fs.symlink(op.text, fdPath(directory, baseName(op.at.path)));
    return { ...NOTHING_DONE, files: 1 };
  }

  async #mountpoint(op: OpOf<"mountpoint">): Promise<Done> {
    const directory = await this.#parents.above(op.at);
    const path = below(directory, Buffer.from(baseName(op.at.path)));
    const writer = op.at.tree === LAYOUT.tmpfs ? memoryWriter : durableWriter(this.#calls);
    try {
      if (op.directory) await writer.directory(path);
      else await (await writer.file(path)).close();
    } catch (error) {
      // There already, by an earlier boot in a state or local disk: what is mounted on it hides it.
      if (errorCode(error) !== "EEXIST") throw error;
      const there = await fs.lstat(path);
      if (op.directory ? there.isDirectory() : there.isFile()) return NOTHING_DONE;
      throw new Error(`${formatLocation(op.at)} is there, and is no ${op.directory ? "directory" : "file"}`);
    }
    const notes = await this.#withSource(op.like, true, async (source, reader) => {
      const stats = await reader.stat(source);
      const xattrs = await reader.xattrs(source, stats);
      return giveAttributes(writer, path, op.at.path, { stats, xattrs });
    });
    return { bytes: 0, files: 1, notes };
  }

  async #bind(op: OpOf<"bind">): Promise<Done> {
    await this.#calls.bindMount(await this.#root.place(op.from), await this.#root.place(op.target), op);
    return NOTHING_DONE;
  }

  /** Hands over a path for a location: by name in its directory, or by descriptor where links are followed. */
  async #withSource<T>(
    from: Location,
    follow: boolean,
    use: (source: SourcePath, reader: TreeReader) => Promise<T>,
  ): Promise<T> {
    if (follow) {
      return this.#root.reading(from, O.PATH, (fd, reader) =>
        use({ path: Buffer.from(fdPath(fd)), follow: true }, reader),
      );
    }
    const directory = { tree: from.tree, path: parentPath(from.path) };
    return this.#root.reading(directory, O.PATH | O.DIRECTORY, (fd, reader) =>
      use({ path: below(fd, Buffer.from(baseName(from.path))), follow: false }, reader),
    );
  }
}

async function syncDirectory(directory: number): Promise<void> {
  const handle = await fs.open(fdPath(directory, "."), O.RDONLY | O.DIRECTORY | O.CLOEXEC);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
