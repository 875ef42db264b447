import type { Problem } from "../../agent/errors.ts";
import type { Entry, Placement } from "./entries.ts";
import { defaultPath, imageLinkText, linkedEntry, tmpfsLinkText, tmpfsPath } from "./links.ts";
import type { RecordedEntry } from "./record.ts";
import { type ImageTree, type Look, pathProblem, sameTree, UnusablePath } from "./tree.ts";
import { type PlannedTree, parentOf, within } from "./view.ts";

/** Placements that leave the same marks on an image. */
export const families: Readonly<Record<Placement, RecordedEntry["family"]>> = {
  link: "link",
  inside: "inside",
  plain: "plain",
  covered: "plain",
};

/** What earlier runs left. */
export interface Past {
  /** Of entries that are served as before. */
  readonly known: ReadonlyMap<string, RecordedEntry>;
  /** Directories that liteimg made for entries that are gone; innermost first. */
  readonly inherited: readonly string[];
}

/** Where an entry really is, and where the symlink leads that is there. */
interface Place {
  readonly location: string;
  readonly destination?: string | undefined;
}

/** Adds the ops that entries need; one object for one plan. */
export class Preparation {
  readonly record = new Map<string, RecordedEntry>();
  readonly problems: Problem[] = [];
  readonly #tree: ImageTree;
  readonly #view: PlannedTree;
  readonly #past: Past;
  readonly #entries: readonly Entry[];
  readonly #places = new Map<string, Place>();
  /** Locations that are there for rows of earlier runs alone. */
  readonly #made: ReadonlySet<string>;
  /** Symlinks of the image that something stands in for, by their locations. */
  readonly #replaced: ReadonlyMap<string, string>;

  constructor(tree: ImageTree, view: PlannedTree, past: Past, entries: readonly Entry[]) {
    this.#tree = tree;
    this.#view = view;
    this.#past = past;
    this.#entries = entries;
    this.#made = new Set([...past.inherited, ...[...past.known.values()].flatMap((old) => old.made)]);
    this.#replaced = this.#findReplaced();
    for (const directory of ["/.default", "/.statelite", "/.statelite/tmpfs"]) {
      const row = "statelite's own directories";
      this.#try(row, () => void this.#makeDirectories(directory, row));
    }
    for (const entry of entries)
      this.#try(entry.row, () => void this.#places.set(entry.path, this.#findPlace(entry)));
    for (const entry of entries) this.#try(entry.row, () => this.#checkPlace(entry));
  }

  #findPlace(entry: Entry): Place {
    const look = (at: string): Look => this.#lookAtFirst(at);
    const location = this.#view.locate(entry.path, look);
    const destination = this.#view.destination(location, look);
    const isDangling = destination === undefined && look(location).kind === "symlink";
    if (isDangling && this.#entries.some((other) => other !== entry && within(other.path, entry.path)))
      throw new UnusablePath(
        "it is a symlink that leads to nothing in the image, and there are rows below it",
      );
    return { location, destination };
  }

  #findReplaced(): Map<string, string> {
    const replaced = new Map<string, string>();
    for (const { path, symlink } of this.#past.known.values()) {
      if (symlink === undefined) continue;
      this.#try(path, () => void replaced.set(this.#view.locate(path), symlink));
    }
    return replaced;
  }

  /** What was at a location before the first run: by that it is decided where the image's symlinks lead. */
  #lookAtFirst(location: string): Look {
    if (this.#isMade(location)) return { kind: "absent" };
    const look = this.#view.look(location);
    const target = this.#replaced.get(location);
    if (target === undefined) return look;
    const standsIn =
      look.kind === "symlink" ? linkedEntry(look.target) !== undefined : this.#view.isEmpty(location);
    return standsIn ? { kind: "symlink", target } : look;
  }

  /**
   * Whether all that is at a location is what rows made: no symlink of the image's leads there, as none did before
   * the first run.
   */
  #isMade(location: string): boolean {
    if (!this.#made.has(location)) return false;
    const look = this.#view.look(location);
    if (look.kind === "directory") return this.#view.children(location).every((child) => this.#isMade(child));
    const entry = look.kind === "symlink" ? linkedEntry(look.target) : undefined;
    return entry === undefined ? this.#view.isEmpty(location) : this.#view.isEmpty(defaultPath(entry));
  }

  /** What is one thing by symlinks must be one by the paths: else two rows would each have their way with it. */
  #checkPlace(entry: Entry): void {
    const location = this.#places.get(entry.path)?.location;
    if (location === undefined || location === entry.path) return;
    for (const other of this.#entries) {
      const outer = this.#places.get(other.path)?.location;
      if (
        other === entry ||
        outer === undefined ||
        !within(location, outer) ||
        within(entry.path, other.path)
      )
        continue;
      throw new UnusablePath(`it is really ${location}, which belongs to ${other.row}; write it so`);
    }
  }

  /** Sees to it that the path is there, and leads where its placement wants it. */
  place(entry: Entry): void {
    const place = this.#places.get(entry.path);
    if (place === undefined) return; // It is among the problems.
    this.#try(entry.row, () => {
      const changes =
        entry.placement === "link"
          ? this.#placeLink(entry, place)
          : this.#placeTarget(
              entry,
              place,
              entry.placement === "inside" ? defaultPath(entry.path) : place.location,
            );
      const { made: madeBefore = [], symlink: symlinkBefore } = this.#past.known.get(entry.path) ?? {};
      const inherited = this.#past.inherited.filter((made) => within(place.location, made)).reverse();
      this.record.set(entry.path, {
        path: entry.path,
        directory: entry.directory,
        family: families[entry.placement],
        made: [...new Set([...inherited, ...madeBefore, ...changes.made])],
        symlink: changes.symlink ?? symlinkBefore,
      });
    });
  }

  /** The copy in /.default of what stays in its place. */
  keepDefault(entry: Entry): void {
    const place = this.#places.get(entry.path);
    if (place === undefined) return; // As above.
    this.#try(entry.row, () => {
      const isLink = this.#view.look(place.location).kind === "symlink";
      const from = isLink ? (place.destination ?? place.location) : place.location;
      const path = defaultPath(entry.path);
      const keep = this.#entries
        .filter((other) => other.placement === "link" && within(other.path, entry.path))
        .map((other) => defaultPath(other.path));
      this.#checkParents(path);
      const changing = this.#view.isTouched(from) || this.#view.isTouched(path);
      if (!changing && sameTree(this.#tree, from, path, keep)) return;
      this.#makeDirectories(parentOf(path), entry.row);
      this.#view.add({ kind: "copy", from, path, keep, row: entry.row });
    });
  }

  /** A file or directory at the location: what is there, or an empty one. */
  #placeTarget(entry: Entry, { destination }: Place, location: string): { made: string[]; symlink?: string } {
    this.#checkParents(location);
    const look = this.#view.look(location);
    if (look.kind === "absent") return { made: this.#makeEmpty(entry, location) };
    if (look.kind === "symlink") {
      if (destination !== undefined) return { made: [] };
      this.#view.add({ kind: "remove", path: location, row: entry.row });
      this.#makeEmpty(entry, location);
      return { made: [], symlink: look.target };
    }
    this.#checkType(entry, look.kind);
    return { made: [] };
  }

  /** Moves the content to /.default and makes the two links, in an order that can be cut off anywhere. */
  #placeLink(entry: Entry, { location, destination }: Place): { made: string[]; symlink?: string } {
    const { row, path } = entry;
    const content = defaultPath(path);
    const text = imageLinkText(path, location);
    this.#checkParents(location);
    this.#checkParents(content);
    const look = this.#view.look(location);
    const isLinked = look.kind === "symlink" && look.target === text;
    if (look.kind !== "symlink") this.#checkType(entry, look.kind);
    const made: string[] = [];
    const hasContent = (): boolean => this.#view.look(content).kind !== "absent";
    const keepsContent = isLinked || look.kind === "absent";
    if (!keepsContent && hasContent()) this.#view.add({ kind: "remove", path: content, row });
    this.#makeDirectories(parentOf(content), row);
    made.push(...this.#makeDirectories(parentOf(location), row));
    if (look.kind === "symlink" && !isLinked) {
      const from = linkedEntry(look.target) === undefined ? destination : undefined;
      if (from === undefined) this.#makeEmpty(entry, content);
      else this.#view.add({ kind: "copy", from, path: content, keep: [], row });
    } else if (keepsContent && !hasContent()) {
      this.#makeEmpty(entry, content);
      made.push(location);
    }
    this.#linkTo(tmpfsPath(path), tmpfsLinkText(path), row);
    if (look.kind === "symlink" && !isLinked) this.#view.add({ kind: "remove", path: location, row });
    else if (!keepsContent) this.#view.add({ kind: "move", from: location, path: content, row });
    if (!isLinked) this.#view.add({ kind: "link", path: location, target: text, row });
    return look.kind === "symlink" && !isLinked && linkedEntry(look.target) === undefined
      ? { made, symlink: look.target }
      : { made };
  }

  #linkTo(path: string, target: string, row: string): void {
    this.#checkParents(path);
    const look = this.#view.look(path);
    if (look.kind === "symlink" && look.target === target) return;
    if (look.kind !== "absent") this.#view.add({ kind: "remove", path, row });
    this.#makeDirectories(parentOf(path), row);
    this.#view.add({ kind: "link", path, target, row });
  }

  #makeEmpty(entry: Entry, location: string): string[] {
    const made = this.#makeDirectories(parentOf(location), entry.row);
    this.#view.add({
      kind: entry.directory ? "make-directory" : "make-file",
      path: location,
      row: entry.row,
    });
    return [...made, location];
  }

  /** Makes a directory and its missing parents; gives those that were made, outermost first. */
  #makeDirectories(location: string, row: string): string[] {
    this.#checkParents(location);
    const look = this.#view.look(location);
    if (location === "/" || look.kind === "directory") return [];
    if (look.kind !== "absent") throw new UnusablePath(`${location} is no directory`);
    const parents = this.#makeDirectories(parentOf(location), row);
    this.#view.add({ kind: "make-directory", path: location, row });
    return [...parents, location];
  }

  /** In /.default and /.statelite a symlink on the way could lead anywhere. */
  #checkParents(location: string): void {
    for (let at = parentOf(location); at !== "/"; at = parentOf(at)) {
      const { kind } = this.#view.look(at);
      if (kind !== "directory" && kind !== "absent" && /^\/\.(?:statelite|default)(?:\/|$)/.test(at))
        throw new UnusablePath(`${at} is a ${kind} where a directory is needed; remove it`);
    }
  }

  #checkType(entry: Entry, kind: string): void {
    if (entry.directory && kind !== "directory" && kind !== "absent")
      throw new UnusablePath(`the image has a ${kind} there; write the path without its last slash`);
  }

  #try(row: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof UnusablePath)) throw error;
      this.problems.push(pathProblem(row, error, "correct the row or the image"));
    }
  }
}
