import type { Op } from "./ops.ts";
import type { ImageTree, Look } from "./tree.ts";

/** The image as it will be after the ops planned so far, so that a plan is made, and shown, as a whole. */
export class PlannedTree {
  readonly ops: Op[] = [];
  readonly #tree: ImageTree;
  /** Numbers of the ops that make, change or take away exactly this path, in order. */
  readonly #at = new Map<string, number[]>();
  /** Paths that ops add, by their directory. */
  readonly #added = new Map<string, string[]>();
  /** All paths at or above one that an op changes. */
  readonly #above = new Set<string>();

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  add(op: Op): void {
    for (const path of op.kind === "move" ? [op.path, op.from] : [op.path]) {
      push(this.#at, path, this.ops.length);
      for (let at = path; at !== "/"; at = parentOf(at)) this.#above.add(at);
    }
    push(this.#added, parentOf(op.path), op.path);
    this.ops.push(op);
  }

  /** What will stand at a location. */
  look(location: string): Look {
    const before = this.#before(location);
    return typeof before === "string" ? this.#tree.look(before) : before;
  }

  /** See {@link ImageTree.locate}. */
  locate(path: string, look = (location: string) => this.look(location)): string {
    return this.#tree.locate(path, look);
  }

  /** See {@link ImageTree.destination}. */
  destination(location: string, look = (place: string) => this.look(place)): string | undefined {
    return this.#tree.destination(location, look);
  }

  /** Whether a directory, or a file, will have nothing in it; other things are never empty. */
  isEmpty(location: string): boolean {
    const look = this.look(location);
    if (look.kind === "file") return look.empty;
    return look.kind === "directory" && this.children(location).next().done === true;
  }

  /** The locations of what will be in a directory; each is looked at when it is asked for, as there may be many. */
  *children(location: string): Generator<string, void> {
    const before = this.#before(location);
    const names = typeof before === "string" ? this.#tree.names(before) : [];
    const paths = new Set([
      ...names.map((name) => `${location}/${name}`),
      ...(this.#added.get(location) ?? []),
    ]);
    for (const path of paths) if (this.look(path).kind !== "absent") yield path;
  }

  /** Whether a planned op changes something at, below or, where it is about whole trees, above a location. */
  isTouched(location: string): boolean {
    if (this.#above.has(location)) return true;
    return this.#opsAtOrAbove(location).some((number) => this.ops[number]?.kind !== "make-directory");
  }

  /** What an op made of the location, or the location in the present tree from where its content comes. */
  #before(location: string): string | Look {
    let at = location;
    for (let limit = this.ops.length; ; ) {
      const number = this.#opsAtOrAbove(at).findLast((candidate) => candidate < limit);
      const op = number === undefined ? undefined : this.ops[number];
      if (number === undefined || op === undefined) return at;
      limit = number;
      if (op.kind === "move" && within(at, op.from)) return { kind: "absent" };
      const rest = at.slice(op.path.length);
      switch (op.kind) {
        case "remove":
          return { kind: "absent" };
        case "move":
          at = `${op.from}${rest}`;
          break;
        case "copy":
          if (!op.keep.some((kept) => within(at, kept))) at = `${op.from}${rest}`;
          break;
        case "make-directory":
          return rest === "" ? { kind: "directory" } : { kind: "absent" };
        case "make-file":
          return rest === "" ? { kind: "file", empty: true } : { kind: "absent" };
        case "link":
          return rest === "" ? { kind: "symlink", target: op.target } : { kind: "absent" };
        default:
          op satisfies never;
      }
    }
  }

  /** Numbers of the ops on the location or a directory above it, in order. */
  #opsAtOrAbove(location: string): number[] {
    const numbers: number[] = [];
    for (let at = location; at !== "/"; at = parentOf(at)) numbers.push(...(this.#at.get(at) ?? []));
    return numbers.sort((a, b) => a - b);
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Whether a path is the other or below it. */
export function within(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`);
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
