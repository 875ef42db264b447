import type { Problem } from "../errors.ts";
import type { Choice, Refused } from "./choose.ts";
import { rowProblem } from "./entry.ts";
import { isBelow, joinPath, LAYOUT, parentPath } from "./layout.ts";
import { illegalBelow, isImpliedMtab } from "./nesting.ts";
import { type Located, type Placed, type Placing, place } from "./place.ts";

/** Places all entries, parents before children; those that cannot be go to `refused`. */
export function placeAll(choices: readonly Choice[], placing: Placing, refused: Refused[]): Placed[] {
  const ordered = locate(choices).sort((a, b) => (a.at < b.at ? -1 : 1));
  const byPath = new Map<string, Placed>();
  const all: Placed[] = [];
  for (const choice of ordered) {
    const parent = nearest(choice.at, byPath);
    // The server always sends it: where its directory is no copy that it could go into, the directory's own serves.
    if (isImpliedMtab(choice.entry) && parent !== undefined && parent.content.tree !== LAYOUT.tmpfs) continue;
    const twin = byPath.get(choice.at);
    const result =
      twin !== undefined
        ? samePlace(choice, twin)
        : (illegalPlace(choice, parent) ?? place(choice, parent, placing, all.length));
    if ("class" in result)
      refused.push({ entry: choice.entry, candidates: choice.candidates, problem: result });
    else {
      all.push(result);
      byPath.set(result.canonical, result);
    }
  }
  return all;
}

/**
 * Where each entry is in the end. What is mounted over the image is mounted behind its links, the last one too: where
 * /var/run leads to /run, entries below either lie in `/var/run/`. Inside the copy of another entry a symlink is a part
 * of that, and what liteimg has made leads to the content itself.
 */
function locate(choices: readonly Choice[]): Located[] {
  const isMounted = ({ entry }: Choice) => !entry.option.startsWith("link");
  const places = choices.flatMap((choice) => {
    const { canonical, behind } = choice.target;
    return behind !== undefined && isMounted(choice) ? [canonical, behind] : [canonical];
  });
  const covering = new Set(places);
  const located = choices.map((choice) => {
    const { canonical, behind } = choice.target;
    const follows = behind !== undefined && isMounted(choice) && !liesBelowOne(canonical, covering);
    return { ...choice, at: follows ? behind : canonical };
  });
  // In a copy a directory of its own takes the place of a link, and what lies in it by its row lies in it there.
  const instead = located.filter(
    ({ entry, at, target }) => entry.directory && target.behind !== undefined && at === target.canonical,
  );
  return located.map((one) => {
    const above = instead.findLast(
      ({ entry, target }) =>
        isBelow(one.entry.path, entry.path) && isBelow(one.at, target.behind ?? target.canonical),
    );
    const rest = above && one.at.slice((above.target.behind ?? "").length);
    return above === undefined ? one : { ...one, at: joinPath(above.at, rest ?? "") };
  });
}

function liesBelowOne(path: string, places: ReadonlySet<string>): boolean {
  for (let up = parentPath(path); up !== "/"; up = parentPath(up)) if (places.has(up)) return true;
  return false;
}

/** Rule 9 for two paths that are one by a link of the image, which no table shows. */
function samePlace({ entry }: Choice, twin: Placed): Problem {
  const found = `by a link of the image it is the same place as "${twin.entry.row.options}" ${twin.entry.row.path}, which is used`;
  return rowProblem(entry.row, "litefile-duplicate", found, "keep one of the two rows in litefile");
}

/** Rule 4 for a pair that only a link of the image makes one. */
function illegalPlace({ entry }: Choice, parent: Placed | undefined): Problem | undefined {
  for (let up = parent; up !== undefined; up = up.parent) {
    const illegal = illegalBelow(up.entry, entry, "by a link of the image it lies");
    if (illegal !== undefined) return illegal;
  }
  return undefined;
}

function nearest(path: string, placed: ReadonlyMap<string, Placed>): Placed | undefined {
  for (let up = parentPath(path); up !== "/"; up = parentPath(up)) {
    const parent = placed.get(up);
    if (parent !== undefined) return parent;
  }
  return undefined;
}
