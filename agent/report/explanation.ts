import { isBelow, joinPath, normalPath } from "../plan/layout.ts";
import { operationsFor } from "./document.ts";
import type { PlanDocument, ReportedEntry, ReportedProblem, ReportedSource } from "./schema.ts";

/** Why a path holds what it holds. */
export interface Explanation {
  readonly path: string;
  /** Where the image's links above its last component lead, where that is elsewhere. */
  readonly leadsTo?: string;
  /** What decides it: an entry of its own, a directory entry above it, or no entry at all: then it is the image's. */
  readonly covered: "entry" | "inside" | "image";
  readonly entry?: ReportedEntry;
  /** The sources among the entry's winners. */
  readonly sources: readonly ReportedSource[];
  /** Where its content lies, for a path inside a directory entry. */
  readonly content?: string;
  /** What was done for the entry, in order. */
  readonly ops: readonly string[];
  /** Everything that is wrong with the entry, with a row that could not become one, or with what a row has left. */
  readonly problems: readonly ReportedProblem[];
  /** Entries below the path, which differ from what covers it. */
  readonly below: readonly string[];
}

/**
 * Finds what covers a path in a plan or report.
 *
 * @param canonical the path once the links of the image above its last component are followed
 */
export function explainPath(
  document: PlanDocument,
  asked: string,
  canonical = normalPath(asked),
): Explanation {
  const path = normalPath(asked);
  const { entries, ops } = document;
  const covering = entries.reduce<ReportedEntry | undefined>((deepest, entry) => {
    const covers = entry.path === path || namesOf(entry).some((name) => isAtOrBelow(canonical, name));
    return covers && isDeeper(entry, deepest) ? entry : deepest;
  }, undefined);
  const below = entries.filter((entry) => namesOf(entry).some((name) => isBelow(name, canonical)));
  const concerned = [path, canonical, covering?.path];
  const isLeft = ({ code, on }: ReportedProblem) =>
    covering === undefined && code === "target-left" && isAtOrBelow(path, on);
  const problems = document.problems.filter((problem) =>
    problem.row === undefined ? isLeft(problem) : concerned.includes(normalPath(problem.row.path)),
  );
  const found = {
    path,
    ...(canonical !== path && { leadsTo: canonical }),
    ...{ problems, below: below.map((entry) => entry.path) },
  };
  if (covering === undefined) return { ...found, covered: "image", sources: [], ops: [] };
  const own = covering.path === path || namesOf(covering).includes(canonical);
  const content = own ? covering.content : insideContent(covering, canonical);
  return {
    ...found,
    covered: own ? "entry" : "inside",
    entry: covering,
    sources: winningSources(covering, document.sources),
    ...(content !== undefined && { content }),
    ops: operationsFor(covering, ops),
  };
}

/** Its path as the row has it, and as it is once the image's links are followed. */
function namesOf({ path, at }: ReportedEntry): string[] {
  return at === undefined ? [path] : [path, at];
}

function isAtOrBelow(path: string, top: string): boolean {
  return path === top || isBelow(path, top);
}

function isDeeper(entry: ReportedEntry, than: ReportedEntry | undefined): boolean {
  return than === undefined || entry.path.length > than.path.length;
}

function winningSources(
  { path, winners, candidates }: ReportedEntry,
  sources: readonly ReportedSource[],
): ReportedSource[] {
  const locations = new Set(
    candidates.filter(({ name }) => winners.includes(name)).map(({ location }) => location),
  );
  return sources.filter((source) => locations.has(joinPath(source.location, path)));
}

function insideContent(entry: ReportedEntry, path: string): string | undefined {
  const name = namesOf(entry).find((above) => isBelow(path, above));
  if (entry.content === undefined || name === undefined) return undefined;
  return joinPath(entry.content, path.slice(name.length));
}
