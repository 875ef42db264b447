import { defaultPath, imageLinkText, tmpfsPath } from "./links.ts";
import type { RecordedEntry } from "./record.ts";
import { UnusablePath } from "./tree.ts";
import type { PlannedTree } from "./view.ts";

const row = "no row any more";

/** Plans how entries are put back as they were before liteimg; children before their parents. */
export class PutBack {
  /** Directories that liteimg made and that other entries are still in: theirs to remove, some day. */
  readonly inherited: string[] = [];
  readonly #view: PlannedTree;

  constructor(view: PlannedTree) {
    this.#view = view;
  }

  /** An entry whose place can no longer be reached has been taken away by others: then nothing is left to do. */
  entry(old: RecordedEntry): void {
    try {
      this.#entry(old, this.#view.locate(old.path));
    } catch (error) {
      if (!(error instanceof UnusablePath)) throw error;
    }
  }

  #entry(old: RecordedEntry, location: string): void {
    switch (old.family) {
      case "link":
        this.#link(old, location);
        break;
      case "inside":
        this.#target(old, defaultPath(old.path));
        break;
      case "plain":
        this.#target(old, location);
        this.#remove(defaultPath(old.path));
        break;
      default:
        old.family satisfies never;
    }
  }

  #link(old: RecordedEntry, location: string): void {
    const content = defaultPath(old.path);
    const look = this.#view.look(location);
    const isLinked = look.kind === "symlink" && look.target === imageLinkText(old.path, location);
    const isEmpty = this.#view.isEmpty(content);
    if (isLinked) this.#view.add({ kind: "remove", path: location, row });
    if (isLinked || look.kind === "absent") {
      if (old.symlink !== undefined)
        this.#view.add({ kind: "link", path: location, target: old.symlink, row });
      else if (!(old.made.includes(location) && isEmpty) && this.#view.look(content).kind !== "absent")
        this.#view.add({ kind: "move", from: content, path: location, row });
    }
    this.#remove(content);
    this.#remove(tmpfsPath(old.path));
    this.#removeMade(old);
  }

  /** What liteimg made goes where it is still empty; a symlink comes back where its stand-in is. */
  #target(old: RecordedEntry, location: string): void {
    if (old.symlink !== undefined && this.#view.isEmpty(location)) {
      this.#view.add({ kind: "remove", path: location, row });
      this.#view.add({ kind: "link", path: location, target: old.symlink, row });
    }
    this.#removeMade(old);
  }

  #removeMade(old: RecordedEntry): void {
    for (const path of old.made.toReversed()) {
      if (this.#view.isEmpty(path)) this.#view.add({ kind: "remove", path, row });
      else if (this.#view.look(path).kind === "directory") this.inherited.push(path);
    }
  }

  #remove(path: string): void {
    if (this.#view.look(path).kind !== "absent") this.#view.add({ kind: "remove", path, row });
  }
}
