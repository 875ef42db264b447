import type { Candidate } from "./candidate.ts";
import type { Entry } from "./entry.ts";
import { joinPath, LAYOUT, type Location } from "./layout.ts";
import type { PathIndex } from "./nesting.ts";
import { type Observations, type Observed, resolved } from "./observation.ts";

/**
 * What a node has kept from earlier boots, in its state or on its local disk. A directory there may have been made
 * only for what lies below it, by a table that did not list the directory itself: then it is seeded all the same,
 * around what is kept. Once it was seen as a whole, what the node removes from it stays away.
 */

/** The writable trees that outlive the boot, as paths inside the root. */
export interface OwnTrees {
  /** The node's state directory, where it has one. */
  readonly state?: string;
  /** The mounted local disk, where there is one. */
  readonly localDisk?: string;
}

/** The writable tree that outlives the boot, for the options that have one. */
export function ownTree(entry: Entry, trees: OwnTrees): string | undefined {
  if (entry.option === "persistent" || entry.option === "link,persistent") return trees.state;
  return entry.option === "localdisk" ? trees.localDisk : undefined;
}

/**
 * Directories that the record of seeds shows to be seeded around something, by path, each with the paths in it that
 * rows of earlier tables have kept: there the seed brings nothing.
 */
export type Containers = ReadonlyMap<string, readonly string[]>;

/** Why a directory that an earlier table did not list is not all of its entry. */
export const ONLY_KEPT = "holds nothing but what other rows have kept in it";

/** In a directory while it is seeded around what it holds: found there, it is not finished. */
export const MERGE_NAME = ".statelite-merge";

/** Names that a seed has while it is made; one that was cut off is nobody's content. */
export const SEED_PREFIX = ".statelite-seed-";

/** What to do about something of the wrong kind there, which the agent never removes. */
export function remedyForKept({ option }: Entry): string {
  const where =
    option === "localdisk"
      ? 'on the node\'s local disk, in a shell ("shell" on the command line gives one)'
      : "on the server that keeps it";
  return `move it away ${where}, or change the row; nothing was changed`;
}

/** Where it is remembered that a directory was once there as a whole: beside all entries, in the same tree. */
export function wholeMark({ tree, path }: Location): Location {
  return { tree, path: joinPath(joinPath(`${LAYOUT.statelite}/whole`, path), ".whole") };
}

export function mergeMark({ tree, path }: Location): Location {
  return { tree, path: joinPath(path, MERGE_NAME) };
}

/** What there is of an entry; `passedOver` says why it cannot be used. Undefined: nothing, or no such tree. */
export function keptCandidate(entry: Entry, trees: OwnTrees, seen: Observations): Candidate | undefined {
  const tree = ownTree(entry, trees);
  if (tree === undefined) return undefined;
  const location = { tree, path: entry.path };
  const name = entry.option === "localdisk" ? "local disk" : "state";
  const failure = seen.failure(location);
  if (failure !== undefined) return { location, name, passedOver: `not to be looked at: ${failure}` };
  const observed = seen.at(location);
  if (observed === undefined) return undefined;
  const why = wrongKind(entry, observed);
  return why === undefined ? { location, name, observed } : { location, name, observed, passedOver: why };
}

function wrongKind(entry: Entry, observed: Observed): string | undefined {
  const behind = resolved(observed);
  if (behind === undefined)
    return `a symlink to ${observed.link?.text}, which leads nowhere inside the state area`;
  if (entry.directory && behind.kind !== "directory") return `a ${behind.kind}, a directory was wanted`;
  return undefined;
}

/** Why a directory that is kept is not yet all of its entry; undefined where it is, or is no directory. */
export function whyUnfinished(
  { location, observed }: Candidate,
  index: PathIndex,
  seen: Observations,
): string | undefined {
  if (observed?.kind !== "directory") return undefined;
  if (seen.at(mergeMark(location)) !== undefined) return "seeding it was cut off";
  if (!index.hasBelow(location.path) || seen.at(wholeMark(location)) !== undefined) return undefined;
  return holdsOnlyEntries(location, index, seen, isUnfinishedSeed)
    ? "holds nothing but what leads to entries of their own"
    : undefined;
}

function isUnfinishedSeed(name: string): boolean {
  return name.startsWith(SEED_PREFIX);
}

/**
 * Whether everything below a directory is an entry, or a directory on the way to one (rule 3).
 * @param isNothing names that do not count
 */
export function holdsOnlyEntries(
  location: Location,
  index: PathIndex,
  seen: Observations,
  isNothing: (name: string) => boolean = () => false,
): boolean {
  const observed = seen.at(location);
  if (observed?.kind !== "directory" || observed.names === undefined) return false;
  return observed.names.every((name) => {
    const path = joinPath(location.path, name);
    if (isNothing(name) || index.has(path)) return true;
    return index.hasBelow(path) && holdsOnlyEntries({ tree: location.tree, path }, index, seen, isNothing);
  });
}
