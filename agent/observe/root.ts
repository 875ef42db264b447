import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import type { PlaceInTree } from "../kernel/inspect.ts";
import { close } from "../kernel/tree.ts";
import { joinPath, type Location } from "../plan/layout.ts";
import { isLocal, localReader, type TreeReader, waitingReader } from "./reader.ts";

/**
 * The root file system and the trees inside it, held open: every path is looked up inside one of them and
 * cannot lead out of it (rule 6). `path` is where the root is mounted in the agent's own namespace.
 */
export class Root {
  readonly path: string;
  readonly #calls: KernelCalls;
  readonly #trees = new Map<string, Promise<number>>();
  readonly #readers = new Map<bigint, Promise<TreeReader>>();

  constructor(path: string, calls: KernelCalls) {
    this.path = path;
    this.#calls = calls;
  }

  /** A descriptor of the tree's top directory; it stays open for as long as the root is in use. */
  tree(tree: string): Promise<number> {
    let fd = this.#trees.get(tree);
    if (fd === undefined) {
      fd = tree === "/" ? this.#calls.openTree(this.path) : this.#openSubtree(tree);
      this.#trees.set(tree, fd);
    }
    return fd;
  }

  async #openSubtree(tree: string): Promise<number> {
    return this.#calls.openIn(await this.tree("/"), tree, O.PATH | O.DIRECTORY);
  }

  /** A location for calls that open it themselves. @throws SystemError */
  async place({ tree, path }: Location): Promise<PlaceInTree> {
    return { tree: await this.tree(tree), path };
  }

  /** Opens a location; the caller closes the descriptor. @throws SystemError */
  async open(location: Location, flags: number): Promise<number> {
    return this.#calls.openIn(await this.tree(location.tree), location.path, flags);
  }

  /** Opens with `O_PATH` and more flags, hands the descriptor to `use`, and closes it. @throws SystemError */
  async with<T>(location: Location, flags: number, use: (fd: number) => Promise<T>): Promise<T> {
    const fd = await this.open(location, flags | O.PATH);
    try {
      return await use(fd);
    } finally {
      close(fd); // In place: nothing is flushed for an O_PATH descriptor, so this never waits.
    }
  }

  /**
   * Opens a location with `O_PATH` and more flags, and hands the descriptor over with how to read what is there and
   * below; it is closed afterwards. @throws SystemError
   */
  async reading<T>(
    location: Location,
    flags: number,
    use: (fd: number, reader: TreeReader) => Promise<T>,
  ): Promise<T> {
    const { fd, device } = await this.#calls.openPlace(await this.place(location), flags | O.PATH);
    try {
      return await use(fd, await this.#readerFor(fd, device));
    } finally {
      close(fd); // In place: nothing is flushed for an O_PATH descriptor, so this never waits.
    }
  }

  /** One reader for each file system: what it finds out about it, it remembers. */
  #readerFor(fd: number, device: bigint): Promise<TreeReader> {
    let reader = this.#readers.get(device);
    if (reader === undefined) {
      reader = this.#calls
        .fileSystemType(fdPath(fd))
        .then((type) => (isLocal(type) ? localReader() : waitingReader(this.#calls)));
      this.#readers.set(device, reader);
      reader.catch(() => this.#readers.delete(device)); // Reported to who asked; the next one asks again.
    }
    return reader;
  }

  /** Whether a tree's top is still a directory of its file system. @throws SystemError */
  async stillThere(tree: string): Promise<boolean> {
    return this.#calls.stillThere(await this.tree(tree));
  }

  /** Lets a directory of this system be the tree: what is planned need not be mounted. */
  standIn(tree: string, directory: string): void {
    this.#trees.set(tree, this.#calls.openTree(directory));
  }

  /** Forgets a tree that something was mounted on, or that is about to be unmounted. */
  async forget(tree: string): Promise<void> {
    const fd = this.#trees.get(tree);
    this.#trees.delete(tree);
    const opened = await fd?.catch(() => undefined); // Whoever asked for it has seen the failure.
    if (opened !== undefined) await this.#calls.close(opened);
  }

  async close(): Promise<void> {
    for (const tree of [...this.#trees.keys()]) await this.forget(tree);
  }

  /** The path in the agent's namespace, for what is mounted before anything hostile can be there. */
  outside(path: string): string {
    return joinPath(this.path, path);
  }
}

/** The path by which this process reaches what a descriptor stands for (proc(5)). */
export function fdPath(fd: number, name = ""): string {
  return name === "" ? `/proc/self/fd/${fd}` : `/proc/self/fd/${fd}/${name}`;
}
