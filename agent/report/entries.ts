import type { Candidate, Source } from "../plan/candidate.ts";
import type { Refused } from "../plan/choose.ts";
import { formatLocation } from "../plan/layout.ts";
import { type Observed, resolved } from "../plan/observation.ts";
import type { Placed } from "../plan/place.ts";
import type { Plan } from "../plan/plan.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import type { ReportedEntry, ReportedSource } from "./schema.ts";

/** Every entry of a plan in order of path, those that it could not place included. */
export function describeEntries(plan: Plan): ReportedEntry[] {
  return [...plan.placed.map(describePlaced), ...plan.refused.map(describeRefused)].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
}

/** The names of the winners of each row that is placed. */
export function winnersByRow({ placed }: Plan): ReadonlyMap<LitefileRow, readonly string[]> {
  return new Map(placed.map(({ entry, winners }) => [entry.row, winners.map(({ name }) => name)]));
}

export function describeSource({ name, tree, unavailable }: Source): ReportedSource {
  return { name, location: tree, ...(unavailable !== undefined && { unavailable }) };
}

function describePlaced(placed: Placed): ReportedEntry {
  const { entry, canonical } = placed;
  return {
    path: entry.path,
    options: entry.row.options,
    placement: appearance(placed),
    ...(canonical !== entry.path && { at: canonical }),
    winners: placed.winners.map((winner) => winner.name),
    content: formatLocation(placed.content),
    candidates: placed.candidates.map(describeCandidate),
  };
}

/** A mount of an overlay looks like one, wherever it is seen. */
export function appearance({ placement, upper }: Placed): ReportedEntry["placement"] {
  return upper === undefined ? placement : "overlay";
}

function describeRefused({ entry, candidates }: Refused): ReportedEntry {
  return {
    path: entry.path,
    options: entry.row.options,
    placement: "none",
    winners: [],
    candidates: candidates.map(describeCandidate),
  };
}

function describeCandidate({
  name,
  location,
  observed,
  passedOver,
}: Candidate): ReportedEntry["candidates"][number] {
  return {
    name,
    location: formatLocation(location),
    ...(observed !== undefined && { found: describeObserved(observed) }),
    ...(passedOver !== undefined && { passedOver }),
  };
}

/** `file, 120 bytes`, `directory`, `symlink to ../x, a directory`. */
function describeObserved(observed: Observed): string {
  if (observed.link !== undefined) {
    const behind = resolved(observed);
    const what =
      behind === undefined ? "which leads nowhere inside its tree" : `a ${describeObserved(behind)}`;
    return `symlink to ${observed.link.text}, ${what}`;
  }
  return observed.kind === "file" ? `file, ${observed.size} bytes` : observed.kind;
}
