import type { Problem } from "../errors.ts";
import { isBelow, joinPath, normalPath } from "../plan/layout.ts";
import { operationsFor } from "./document.ts";
import type { PlanDocument, ReportedEntry } from "./schema.ts";

/** Why a path holds what it holds. */
export interface Explanation {
  readonly path: string;
  /** What decides it: an entry of its own, a directory entry above it, or no entry at all: then it is the image's. */
  readonly covered: "entry" | "inside" | "image";
  readonly entry?: ReportedEntry;
  /** Where its content lies, for a path inside a directory entry. */
  readonly content?: string;
  /** What was done for the entry, in order. */
  readonly ops: readonly string[];
  /** Everything that is wrong with the entry, or with a row that could not become one. */
  readonly problems: readonly Problem[];
  /** Entries below the path, which differ from what covers it. */
  readonly below: readonly string[];
}

/** Finds what covers a path in a plan or report. */
export function explainPath(document: PlanDocument, asked: string): Explanation {
  const path = normalPath(asked);
  const { entries, ops } = document;
  const covering = entries
    .filter((entry) => namesOf(entry).some((name) => name === path || isBelow(path, name)))
    .reduce<ReportedEntry | undefined>(
      (deepest, entry) => (isDeeper(entry, deepest) ? entry : deepest),
      undefined,
    );
  const below = entries.filter((entry) => namesOf(entry).some((name) => isBelow(name, path)));
  const problems = document.problems.filter(
    ({ row }) =>
      row !== undefined && (normalPath(row.path) === path || normalPath(row.path) === covering?.path),
  );
  const found = { path, problems, below: below.map((entry) => entry.path) };
  if (covering === undefined) return { ...found, covered: "image", ops: [] };
  const own = namesOf(covering).includes(path);
  const content = own ? covering.content : insideContent(covering, path);
  return {
    ...found,
    covered: own ? "entry" : "inside",
    entry: covering,
    ...(content !== undefined && { content }),
    ops: operationsFor(covering, ops),
  };
}

/** Its path as the row has it, and as it is once the image's links are followed. */
function namesOf({ path, at }: ReportedEntry): string[] {
  return at === undefined ? [path] : [path, at];
}

function isDeeper(entry: ReportedEntry, than: ReportedEntry | undefined): boolean {
  return than === undefined || entry.path.length > than.path.length;
}

function insideContent(entry: ReportedEntry, path: string): string | undefined {
  const name = namesOf(entry).find((above) => isBelow(path, above));
  if (entry.content === undefined || name === undefined) return undefined;
  return joinPath(entry.content, path.slice(name.length));
}
