import type { Problem } from "../errors.ts";
import type { Candidate, Source } from "./candidate.ts";
import { candidates } from "./candidates.ts";
import { type Entry, rowProblem } from "./entry.ts";
import {
  type Containers,
  keptCandidate,
  ONLY_KEPT,
  type OwnTrees,
  remedyForKept,
  whyUnfinished,
} from "./kept.ts";
import { formatLocation } from "./layout.ts";
import type { PathIndex } from "./nesting.ts";
import { type Observations, resolved, type Target } from "./observation.ts";
import { unresolved } from "./unresolved.ts";

/** What an entry was decided to be made from, before it is known how it can appear. */
export interface Choice {
  readonly entry: Entry;
  readonly candidates: readonly Candidate[];
  readonly winners: readonly Candidate[];
  readonly target: Target;
  readonly merge?: boolean;
  readonly replaces?: boolean;
}

/** An entry that cannot be placed, and what was looked at for it. */
export interface Refused {
  readonly entry: Entry;
  readonly candidates: readonly Candidate[];
  readonly problem: Problem;
}

/** What decides who wins. */
export interface Choosing extends OwnTrees {
  /** In priority order, the ones that could not be mounted included. */
  readonly sources: readonly Source[];
  readonly seen: Observations;
  /** The image's view of each entry, by its path. */
  readonly targets: ReadonlyMap<string, Target>;
  /** Paths of entries whose state is as if it were not there: it is replaced. */
  readonly reseed?: ReadonlySet<string>;
  /** Directories that are to be seeded around what other rows have kept in them. */
  readonly containers?: Containers;
}

/** Who wins an entry: what is kept of it, else the first candidate that has it (semantics section 5). */
export function choose(entry: Entry, index: PathIndex, input: Choosing): Choice | Refused {
  const found = candidates(entry, index, input.sources, input.seen);
  const target = input.targets.get(entry.path) ?? { canonical: entry.path };
  const own = keptCandidate(entry, input, input.seen);
  const replaces = own !== undefined && input.reseed?.has(entry.path) === true;
  if (own !== undefined && !replaces) {
    if (own.passedOver !== undefined) {
      const is = `${formatLocation(own.location)} is ${own.passedOver}`;
      const problem = rowProblem(entry.row, "state-kind", is, remedyForKept(entry));
      return { entry, candidates: [own, ...found], problem };
    }
    const isContainer = input.containers?.has(entry.path) === true;
    const why = whyUnfinished(own, index, input.seen) ?? (isContainer ? ONLY_KEPT : undefined);
    const seed = why === undefined ? undefined : found.find(isDirectory);
    if (seed === undefined) return { entry, candidates: [own, ...found], winners: [own], target };
    const container = { ...own, passedOver: why ?? "" };
    return { entry, candidates: [container, ...found], winners: [seed], target, merge: true };
  }
  const usable = found.filter((candidate) => candidate.passedOver === undefined);
  const [first] = usable;
  const doubt = doubtOf(entry, found);
  if (doubt !== undefined) return { entry, candidates: found, problem: doubt };
  if (first === undefined) return { entry, candidates: found, problem: unresolved(entry, found, target) };
  return { entry, candidates: found, winners: winnersOf(entry, usable, first), target, replaces };
}

/**
 * A place that could not be looked at may have been the winner: what comes after it would be a guess. For `con` each of
 * the sources counts.
 */
function doubtOf(entry: Entry, found: readonly Candidate[]): Problem | undefined {
  const first = found.findIndex((candidate) => candidate.passedOver === undefined);
  const all = first < 0 || (entry.option.endsWith("con") && found[first]?.name !== "default");
  const unknown = (all ? found : found.slice(0, first)).filter((candidate) => candidate.unknown === true);
  if (unknown.length === 0) return undefined;
  const reasons = unknown.map(({ name, passedOver }) => `${name} ${passedOver}`);
  return rowProblem(
    entry.row,
    "source-look",
    `who has it is not known: ${reasons.join("; ")}`,
    "see that the directory is still there on the server, that root may read it (no_root_squash), and boot again",
  );
}

/** It is a directory, and can be used as one. */
export function isDirectory({ observed, passedOver }: Candidate): boolean {
  return passedOver === undefined && observed !== undefined && resolved(observed)?.kind === "directory";
}

/** `con` takes every source that has the file, and the default only where none has it. */
function winnersOf(entry: Entry, usable: readonly Candidate[], first: Candidate): readonly Candidate[] {
  if (!entry.option.endsWith("con")) return [first];
  const sources = usable.filter((candidate) => candidate.name !== "default");
  return sources.length > 0 ? sources : [first];
}
