import { promises as fs, type Stats } from "node:fs";
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
    const tree: Tree = { exclude: new Set(op.exclude), seen: new Set(), need: this.count(needOf(0)) };
    try {
      const walk = (fd: number) => this.#directory(tree, Buffer.from(fdPath(fd, ".")), "", 0);
      await root.with(op.from, O.PATH | O.DIRECTORY, walk);
    } catch {
      // The copy opens it again, and says why it could not.
    }
    return tree.need;
  }

  /** @param relative path of the directory in the tree, with a slash at its end unless it is the top */
  async #directory(tree: Tree, path: Buffer, relative: string, depth: number): Promise<void> {
    if (depth >= MAX_DEPTH || memoryOf(this.#total) > this.#options.enough) return;
    const directory = await fs.open(path, O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC);
    try {
      const names = await fs.readdir(fdPath(directory.fd), { encoding: "buffer" });
      for (let start = 0; start < names.length; start += BATCH) {
        if (memoryOf(this.#total) > this.#options.enough) return;
        const some = names
          .slice(start, start + BATCH)
          .filter((name) => !tree.exclude.has(`${relative}${name}`));
        await this.#names(tree, directory.fd, relative, some, depth);
      }
      this.#options.progress?.(this.#total.inodes);
    } finally {
      await directory.close();
    }
  }

  async #names(tree: Tree, fd: number, relative: string, names: readonly Buffer[], depth: number) {
    const paths = names.map((name) => Buffer.concat([Buffer.from(`${fdPath(fd)}/`), name]));
    const all = await Promise.all(paths.map((path) => fs.lstat(path).catch(() => undefined)));
    const background: Promise<void>[] = [];
    try {
      for (const [index, stats] of all.entries()) {
        const [name, path] = [names[index], paths[index]];
        if (stats === undefined || name === undefined || path === undefined) continue;
        this.#add(tree, stats);
        if (!stats.isDirectory()) continue;
        const walk = () =>
          this.#directory(tree, path, `${relative}${name}/`, depth + 1).catch(() => undefined);
        await this.#directories.runOrWait(walk, background);
      }
    } finally {
      // They are below a descriptor that is closed next.
      await allSettled(background);
    }
  }

  #add(tree: Tree, stats: Stats): void {
    const kind = kindOf(stats);
    if (kind === "socket") return;
    if (kind === "file" && stats.nlink > 1) {
      const inode = `${stats.dev}:${stats.ino}`;
      if (tree.seen.has(inode)) return;
      tree.seen.add(inode);
    }
    tree.need = add(tree.need, this.count(needOf(kind === "file" ? filledBytes(stats) : 0)));
  }
}

/** One directory that is to be copied, as far as it was seen. */
interface Tree {
  readonly exclude: ReadonlySet<string>;
  /** Files with several names, which are copied once. */
  readonly seen: Set<string>;
  need: Need;
}
