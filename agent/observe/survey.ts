import type { BigIntStats } from "node:fs";
import { allSettled, Limiter } from "../concurrency.ts";
import { O } from "../kernel/constants.ts";
import {
  add,
  type CopyOp,
  isVolatile,
  memoryOf,
  type Need,
  NOTHING,
  needOf,
  type PlannedCopy,
} from "../plan/budget.ts";
import { filledBytes, kindOf } from "./look.ts";
import { namesOf, type OpenedSource, type SourcePath, type TreeReader } from "./reader.ts";
import { fdPath, type Root } from "./root.ts";

/** How copies are added up. */
export interface SurveyOptions {
  /** Directories that are looked at side by side. */
  readonly width: number;
  /** Bytes of memory at which no more is added up: that it is too much is known by then. */
  readonly enough: number;
  /** Told after each directory how many inodes were seen so far. */
  readonly progress?: (inodes: number) => void;
}

/** Inodes of one directory that are looked at at the same time: on NFS each costs a round trip. */
const BATCH = 256;

/** Files of several names that are told apart. */
const MOST_LINKS = 100_000;

/** Directories nested deeper are not copied either. */
const MAX_DEPTH = 1024;

/**
 * Adds up what each copy takes. Only directories are walked; what an NFS server says of their inodes is in the
 * kernel's cache when they are copied a moment later. What cannot be looked at counts nothing: the copy will say why.
 */
export async function survey(
  root: Root,
  copies: readonly PlannedCopy[],
  options: SurveyOptions,
): Promise<ReadonlyMap<CopyOp, Need>> {
  // What is kept has all the room that its server gives: it is added up to say how far it is.
  const [volatile, kept] = [
    new Survey(options),
    new Survey({ ...options, enough: Number.POSITIVE_INFINITY }),
  ];
  const needs = new Map<CopyOp, Need>();
  const limiter = new Limiter(options.width);
  await Promise.all(
    copies.map(({ op, need }) =>
      limiter.run(async () => {
        const survey = isVolatile(op) ? volatile : kept;
        needs.set(op, need === undefined ? await survey.tree(root, op) : survey.count(need));
      }),
    ),
  );
  return needs;
}

class Survey {
  readonly #options: SurveyOptions;
  readonly #directories: Limiter;
  #total: Need = NOTHING;

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#directories = new Limiter(options.width);
  }

  count(need: Need): Need {
    this.#total = add(this.#total, need);
    return need;
  }

  async tree(root: Root, op: CopyOp): Promise<Need> {
    if (op.kind === "concatenate") return NOTHING;
    const start = { exclude: new Set(op.exclude), seen: new Set<string>(), need: this.count(needOf(0)) };
    let tree: Tree | undefined;
    try {
      await root.reading(op.from, O.PATH | O.DIRECTORY, (fd, reader) => {
        tree = { ...start, reader };
        return this.#directory(tree, { path: Buffer.from(fdPath(fd)), follow: true }, "", 0);
      });
    } catch {
      // The copy opens it again, and says why it could not.
    }
    return tree?.need ?? start.need;
  }

  /** @param relative path of the directory in the tree, with a slash at its end unless it is the top */
  async #directory(tree: Tree, source: SourcePath, relative: string, depth: number): Promise<void> {
    if (depth >= MAX_DEPTH || memoryOf(this.#total) > this.#options.enough) return;
    const directory = await tree.reader.openDirectory(source);
    try {
      for await (const names of namesOf(tree.reader, directory)) {
        await this.#some(tree, directory, relative, names, depth);
        this.#options.progress?.(this.#total.inodes);
        if (memoryOf(this.#total) > this.#options.enough) return;
      }
    } finally {
      await directory.close();
    }
  }

  async #some(
    tree: Tree,
    directory: OpenedSource,
    relative: string,
    names: readonly Buffer[],
    depth: number,
  ): Promise<void> {
    for (let start = 0; start < names.length; start += BATCH) {
      if (memoryOf(this.#total) > this.#options.enough) return;
      const some = names
        .slice(start, start + BATCH)
        .filter((name) => !tree.exclude.has(`${relative}${name}`));
      await this.#names(tree, directory, relative, some, depth);
    }
  }

  async #names(
    tree: Tree,
    { fd }: OpenedSource,
    relative: string,
    names: readonly Buffer[],
    depth: number,
  ): Promise<void> {
    const sources = names.map((name) => ({
      path: Buffer.concat([Buffer.from(`${fdPath(fd)}/`), name]),
      follow: false,
    }));
    const all = await Promise.all(sources.map((source) => unlessGone(tree.reader, source)));
    const background: Promise<void>[] = [];
    try {
      for (const [index, stats] of all.entries()) {
        const [name, source] = [names[index], sources[index]];
        if (stats === undefined || name === undefined || source === undefined) continue;
        this.#add(tree, stats);
        if (!stats.isDirectory()) continue;
        const walk = () =>
          this.#directory(tree, source, `${relative}${name}/`, depth + 1).catch(() => undefined);
        await this.#directories.runOrWait(walk, background);
      }
    } finally {
      // They are below a descriptor that is closed next.
      await allSettled(background);
    }
  }

  #add(tree: Tree, stats: BigIntStats): void {
    const kind = kindOf(stats);
    if (kind === "socket") return;
    if (kind === "file" && stats.nlink > 1n) {
      const inode = `${stats.dev}:${stats.ino}`;
      if (tree.seen.has(inode)) return;
      // What might have been counted already is not counted.
      if (tree.seen.size >= MOST_LINKS) return;
      tree.seen.add(inode);
    }
    tree.need = add(tree.need, this.count(needOf(kind === "file" ? filledBytes(stats) : 0)));
  }
}

/** One directory that is to be copied, as far as it was seen. */
interface Tree {
  readonly reader: TreeReader;
  readonly exclude: ReadonlySet<string>;
  /** Files with several names, which are copied once. */
  readonly seen: Set<string>;
  need: Need;
}

/** What has gone, or cannot be looked at, is the copy's to complain about. */
async function unlessGone(reader: TreeReader, source: SourcePath): Promise<BigIntStats | undefined> {
  try {
    return await reader.stat(source);
  } catch {
    return undefined;
  }
}
