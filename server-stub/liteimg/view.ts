import type { Op } from "./ops.ts";
import type { ImageTree, Look } from "./tree.ts";

/** The image as it will be after the ops planned so far, so that a plan is made, and shown, as a whole. */
export class PlannedTree {
  readonly ops: Op[] = [];
  readonly #tree: ImageTree;

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  add(op: Op): void {
    this.ops.push(op);
  }

  /** What will stand at a location. */
  look(location: string): Look {
    const before = this.#before(location);
    return typeof before === "string" ? this.#tree.look(before) : before;
  }

  /** See {@link ImageTree.locate}. */
  locate(path: string): string {
    return this.#tree.locate(path, (location) => this.look(location));
  }

  /** See {@link ImageTree.destination}. */
  destination(location: string): string | undefined {
    return this.#tree.destination(location, (place) => this.look(place));
  }

  /** Whether a directory, or a file, will have nothing in it; other things are never empty. */
  isEmpty(location: string): boolean {
    const look = this.look(location);
    if (look.kind === "file") return look.empty;
    if (look.kind !== "directory") return false;
    const before = this.#before(location);
    const names = typeof before === "string" ? this.#tree.names(before) : [];
    const added = this.ops.flatMap((op) => (parentOf(op.path) === location ? [op.path] : []));
    return [...names.map((name) => `${location}/${name}`), ...added].every(
      (path) => this.look(path).kind === "absent",
    );
  }

  /** Whether a planned op changes something at, below or, making or removing whole trees, above a location. */
  isTouched(location: string): boolean {
    const meets = (path: string): boolean => within(path, location) || within(location, path);
    return this.ops.some((op) =>
      op.kind === "make-directory"
        ? within(op.path, location)
        : meets(op.path) || (op.kind === "move" && meets(op.from)),
    );
  }

  /** What an op made of the location, or the location in the present tree from where its content comes. */
  #before(location: string): string | Look {
    let at = location;
    for (const op of this.ops.toReversed()) {
      if (op.kind === "move" && within(at, op.from)) return { kind: "absent" };
      if (!within(at, op.path)) continue;
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
    return at;
  }
}

/** Whether a path is the other or below it. */
export function within(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`);
}

export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
