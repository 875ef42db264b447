import { lstat, mkdir, open, readdir, readFile, readlink, realpath, symlink, unlink } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { removeUnfinished, replaceWhole } from "../replace.ts";
import { readLabel } from "./configuration.ts";
import { ownPaths, pxelinuxFolder, pxelinuxPath, type TftpFile, xnbaPath } from "./layout.ts";

/** A configuration is two kilobytes; whoever put something larger there is no boot loader's friend. */
const longestConfiguration = 65_536;
/** So many nodes' files are written at once. */
const side = 16;

/**
 * The directory from which boot loaders read. Every file is replaced as a whole: a node that boots at this moment gets
 * the old one or the new one. Nothing is written to where a symbolic link leads out of the directory.
 */
export class TftpFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Writes the files of nodes. Links that lead to them and are not among their files go first: an address may have
   * become another one's of these nodes.
   *
   * @throws Error which says what is in the way
   */
  async set(nodes: readonly { readonly node: string; readonly files: readonly TftpFile[] }[]): Promise<void> {
    await sideBySide(nodes, ({ node, files }) =>
      this.#dropLinks(
        node,
        files.flatMap((file) => ("link" in file ? [basename(file.path)] : [])),
      ),
    );
    await sideBySide(nodes, ({ files }) => this.#write(files));
  }

  /**
   * Puts a file in its place that `make` makes at the path it is given.
   *
   * @param path below the directory
   */
  async put(path: string, make: (temporary: string) => Promise<unknown>): Promise<void> {
    await replaceWhole(join(await this.#folder(dirname(path)), basename(path)), make);
  }

  async #write(files: readonly TftpFile[]): Promise<void> {
    for (const file of files) {
      const folder = await this.#folder(dirname(file.path));
      const place = join(folder, basename(file.path));
      if (!("link" in file)) await replaceWhole(place, (temporary) => writeFile(temporary, file.content));
      else if (!(await leadsTo(place, file.link)))
        await replaceWhole(place, (temporary) => symlink(file.link, temporary));
    }
  }

  /** Removes the nodes' own files, and the links to them. */
  async remove(nodes: readonly string[]): Promise<void> {
    await sideBySide(nodes, async (node) => {
      await this.#dropLinks(node, []);
      for (const path of ownPaths(node)) {
        const folder = await this.#folder(dirname(path));
        await unlink(join(folder, basename(path))).catch(ignoreAbsent);
      }
    });
  }

  /**
   * Removes links for pxelinux that lead to the node's file and are not among these: its addresses have changed.
   *
   * @param kept names in `pxelinux.cfg`
   */
  async #dropLinks(node: string, kept: readonly string[]): Promise<void> {
    const links = (await this.#linksByNode()).get(node) ?? [];
    const folder = links.length === 0 ? "" : await this.#folder(pxelinuxFolder);
    for (const name of links) if (!kept.includes(name)) await unlink(join(folder, name)).catch(ignoreAbsent);
  }

  /** What the node will do, in the words of the command that said so; undefined where nothing was said. */
  async state(node: string): Promise<string | undefined> {
    for (const path of [xnbaPath(node), pxelinuxPath(node)]) {
      const text = await readFile(join(this.#root, path), "latin1").catch(ignoreAbsent);
      const label = readLabel((text ?? "").slice(0, longestConfiguration));
      if (label !== undefined) return label;
    }
    return undefined;
  }

  #links: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

  /** The links that were in `pxelinux.cfg`, by where they lead; read once, as thousands of nodes share them. */
  #linksByNode(): Promise<ReadonlyMap<string, readonly string[]>> {
    this.#links ??= readLinks(join(this.#root, pxelinuxFolder));
    return this.#links;
  }

  readonly #folders = new Map<string, Promise<string>>();

  #folder(path: string): Promise<string> {
    const known = this.#folders.get(path) ?? this.#openFolder(path);
    this.#folders.set(path, known);
    return known;
  }

  /** A directory below the root, made where it is missing; links are followed, but not out of the root. */
  async #openFolder(path: string): Promise<string> {
    await mkdir(this.#root, { recursive: true, mode: 0o755 });
    const root = await realpath(this.#root);
    let folder = root;
    for (const part of path.split("/")) {
      const next = join(folder, part);
      await mkdir(next, { mode: 0o755 }).catch(ignoreExisting);
      folder = await realpath(next);
      if (folder !== root && !folder.startsWith(root.endsWith(sep) ? root : root + sep))
        throw new Error(`${next} leads out of ${this.#root}, to ${folder}`);
    }
    await removeUnfinished(folder);
    return folder;
  }
}

/** A few at the same time, the next ones when these are done. */
async function sideBySide<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let first = 0; first < items.length; first += side)
    await Promise.all(items.slice(first, first + side).map(work));
}

async function readLinks(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const links = new Map<string, string[]>();
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ignoreAbsent)) ?? [];
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const target = await readlink(join(folder, entry.name)).catch(ignoreAbsent);
    if (target === undefined) continue;
    const names = links.get(target);
    if (names === undefined) links.set(target, [entry.name]);
    else names.push(entry.name);
  }
  return links;
}

async function writeFile(path: string, content: string): Promise<void> {
  // Boot loaders read by way of servers that run as nobody.
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(content, "latin1");
    await file.chmod(0o644);
  } finally {
    await file.close();
  }
}

async function leadsTo(path: string, target: string): Promise<boolean> {
  const found = await lstat(path).catch(ignoreAbsent);
  return found?.isSymbolicLink() === true && (await readlink(path)) === target;
}

function ignoreAbsent(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

function ignoreExisting(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
  throw error;
}
