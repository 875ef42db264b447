import type { Problem } from "../errors.ts";
import { type Entry, type Option, rowProblem } from "./entry.ts";
import { parentPath } from "./layout.ts";

/** The nearest entry above each path among `entries`, by a given path of each (rule 3). */
export function nearestParents<T>(items: readonly T[], pathOf: (item: T) => string): Map<T, T> {
  const byPath = new Map(items.map((item) => [pathOf(item), item]));
  const parents = new Map<T, T>();
  for (const item of items) {
    for (let up = parentPath(pathOf(item)); up !== "/"; up = parentPath(up)) {
      const parent = byPath.get(up);
      if (parent === undefined) continue;
      parents.set(item, parent);
      break;
    }
  }
  return parents;
}

/** Paths, of entries or of what is kept, to ask what lies below a directory without looking at all of them. */
export class PathIndex {
  readonly #ordered: readonly string[];
  readonly #paths: ReadonlySet<string>;

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths);
    this.#ordered = [...this.#paths].sort();
  }

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  hasBelow(path: string): boolean {
    return this.#ordered[this.#firstFrom(`${path}/`)]?.startsWith(`${path}/`) === true;
  }

  /** Index of the first path that is not smaller. */
  #firstFrom(path: string): number {
    let [low, high] = [0, this.#ordered.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#ordered[middle];
      if (there !== undefined && there < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What liteimg enforces (rule 4): a problem for each child that its parent does not allow. */
export function illegalPairs(entries: readonly Entry[]): Map<Entry, Problem> {
  const parents = nearestParents(entries, (entry) => entry.path);
  const problems = new Map<Entry, Problem>();
  for (const child of entries) {
    // Not only the nearest: that one may be refused itself, and then there is the next.
    for (let parent = parents.get(child); parent !== undefined; parent = parents.get(parent)) {
      const problem = illegalBelow(parent, child, "it lies");
      if (problem === undefined) continue;
      problems.set(child, problem);
      break;
    }
  }
  return problems;
}

/** Why an entry may not lie below another one. @param lies how it comes to lie there */
export function illegalBelow(parent: Entry, child: Entry, lies: string): Problem | undefined {
  const why = refusal(parent.option, child);
  if (why === undefined) return undefined;
  const found = `${why}, and ${lies} below "${parent.row.options}" ${parent.row.path}`;
  const remedy = "change one of the two rows, then run liteimg again";
  return rowProblem(child.row, "litefile-nesting", found, remedy);
}

/** The row that the server adds by itself, whatever becomes of /etc/. */
export function isImpliedMtab(entry: Entry): boolean {
  return entry.path === "/etc/mtab" && entry.option === "link";
}

function refusal(parent: Option, child: Entry): string | undefined {
  if (isImpliedMtab(child)) return undefined;
  const childLinks = child.option.startsWith("link");
  switch (parent) {
    case "link":
      if (!childLinks) return `"${child.option}" is no link`;
      return child.option === "link,ro" ? '"link,ro" may not lie below a link' : undefined;
    case "link,persistent":
      return child.option === "link,persistent" ? undefined : `only "link,persistent" may lie there`;
    case "persistent":
      return child.option === "persistent" ? undefined : `only "persistent" may lie there`;
    case "ro":
    case "con":
    case "link,ro":
    case "link,con":
      return "nothing may lie there";
    case "tmpfs":
    case "localdisk":
      return childLinks ? `"${child.option}" is a link` : undefined;
  }
}
