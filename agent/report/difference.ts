import type { Problem } from "../errors.ts";
import { normalPath } from "../plan/layout.ts";
import { operationOf } from "./document.ts";
import type { PlanDocument, ReportedEntry } from "./schema.ts";

/** One property of an entry that another plan has otherwise. Empty text: it has none. */
export interface Change {
  readonly what: "options" | "appears" | "winner" | "content" | "ops";
  readonly from: string;
  readonly to: string;
}

export interface ChangedEntry {
  readonly path: string;
  readonly changes: readonly Change[];
}

/** What another plan changes: of tables, of trees, of an image. */
export interface Difference {
  readonly added: readonly ReportedEntry[];
  readonly removed: readonly ReportedEntry[];
  readonly changed: readonly ChangedEntry[];
  readonly newProblems: readonly Problem[];
  readonly goneProblems: readonly Problem[];
}

/** Compares two plans entry by entry, by path. */
export function compareDocuments(old: PlanDocument, now: PlanDocument): Difference {
  const [before, after] = [byPath(old), byPath(now)];
  const [opsBefore, opsAfter] = [opsByRow(old), opsByRow(now)];
  const changed: ChangedEntry[] = [];
  for (const [path, entry] of after) {
    const was = before.get(path);
    if (was === undefined) continue;
    const changes = changesOf(was, entry, opsBefore.get(path) ?? [], opsAfter.get(path) ?? []);
    if (changes.length > 0) changed.push({ path, changes });
  }
  const known = new Set(old.problems.map(sameness));
  const still = new Set(now.problems.map(sameness));
  return {
    added: now.entries.filter(({ path }) => !before.has(path)),
    removed: old.entries.filter(({ path }) => !after.has(path)),
    changed,
    newProblems: now.problems.filter((problem) => !known.has(sameness(problem))),
    goneProblems: old.problems.filter((problem) => !still.has(sameness(problem))),
  };
}

function byPath({ entries }: PlanDocument): Map<string, ReportedEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

/** What is done for each entry, by its path. */
function opsByRow({ ops }: PlanDocument): Map<string, readonly string[]> {
  const byPath = Map.groupBy(ops, ({ row }) => normalPath(row.path));
  return new Map([...byPath].map(([path, some]) => [path, some.map(operationOf)]));
}

function changesOf(
  was: ReportedEntry,
  is: ReportedEntry,
  opsWere: readonly string[],
  opsAre: readonly string[],
): Change[] {
  const changes: Change[] = [
    { what: "options", from: was.options, to: is.options },
    { what: "appears", from: was.placement, to: is.placement },
    { what: "winner", from: was.winners.join(" + "), to: is.winners.join(" + ") },
    { what: "content", from: was.content ?? "", to: is.content ?? "" },
  ];
  const different = changes.filter(({ from, to }) => from !== to);
  if (different.length > 0) return different; // The ops follow from these.
  const only = (ops: readonly string[], others: readonly string[]) =>
    ops.filter((op) => !others.includes(op)).join("; ");
  const ops = { what: "ops", from: only(opsWere, opsAre), to: only(opsAre, opsWere) } as const;
  return ops.from === ops.to ? [] : [ops];
}

/** The same problem in a table that has more or fewer lines above is the same. */
function sameness({ code, on, found }: Problem): string {
  return JSON.stringify([code, on, found]).replace(/\bline \d+/g, "line");
}
