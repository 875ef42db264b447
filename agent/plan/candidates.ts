import type { Candidate, Source } from "./candidate.ts";
import type { Entry } from "./entry.ts";
import { holdsOnlyEntries } from "./kept.ts";
import { joinPath, LAYOUT, type Location } from "./layout.ts";
import type { PathIndex } from "./nesting.ts";
import { type Observations, resolved } from "./observation.ts";

/** Why a place that has nothing at the path is passed over. */
export const NOT_THERE = "not there";

/** All candidates of an entry, sources first by priority, the default last (rules 1 to 3). */
export function candidates(
  entry: Entry,
  index: PathIndex,
  sources: readonly Source[],
  seen: Observations,
): Candidate[] {
  const found = sources.map((source, position): Candidate => {
    const location = { tree: source.tree, path: entry.path };
    const name = `source ${position + 1} (${source.name})`;
    if (source.unavailable !== undefined)
      return { location, name, passedOver: `not mounted: ${source.unavailable}`, unmounted: true };
    const why = unfit(entry, location, seen) ?? unfitSource(entry, index, location, seen);
    return candidate(location, name, why, seen);
  });
  const location = { tree: "/", path: joinPath(LAYOUT.defaults, entry.path) };
  found.push(candidate(location, "default", unfit(entry, location, seen), seen));
  return found;
}

function candidate(location: Location, name: string, why: string | undefined, seen: Observations): Candidate {
  if (seen.failure(location) !== undefined) return { location, name, passedOver: why ?? "", unknown: true };
  if (why !== undefined) return { location, name, passedOver: why };
  const observed = seen.at(location);
  return observed === undefined ? { location, name } : { location, name, observed };
}

/** Why a place cannot serve an entry, whatever tree it is in. */
function unfit(entry: Entry, location: Location, seen: Observations): string | undefined {
  const failure = seen.failure(location);
  if (failure !== undefined) return `could not be looked at: ${failure}`;
  const observed = seen.at(location);
  if (observed === undefined) return NOT_THERE;
  const behind = resolved(observed);
  if (behind === undefined) {
    return keepsLink(entry)
      ? undefined
      : `a symlink to ${observed.link?.text}, which leads nowhere inside its tree`;
  }
  if (entry.directory && behind.kind !== "directory") return `a ${behind.kind}, a directory was wanted`;
  if (entry.option.endsWith("con") && behind.kind !== "file") return `a ${behind.kind}, a file was wanted`;
  if (behind.kind === "socket") return "a socket, which cannot be copied";
  return undefined;
}

/** A link entry that is a file may itself be a symlink: it is copied as it is. All others need what is behind it. */
export function keepsLink(entry: Entry): boolean {
  return entry.option === "link" && !entry.directory;
}

/** What only a source can do wrong: be empty, or be there only for entries of their own. */
function unfitSource(
  entry: Entry,
  index: PathIndex,
  location: Location,
  seen: Observations,
): string | undefined {
  const observed = seen.at(location);
  const directory = observed && resolved(observed);
  if (directory?.kind !== "directory") return undefined;
  if (entry.directory && directory.names?.length === 0) return "an empty directory";
  const child = directory.names?.map((name) => joinPath(entry.path, name)).find((path) => index.has(path));
  if (child !== undefined) return `holds ${child}, an entry of its own`;
  if (index.hasBelow(entry.path) && holdsOnlyEntries(location, index, seen)) {
    return "holds nothing but what leads to entries of their own";
  }
  return undefined;
}
