import { joinPath, LAYOUT, normalPath } from "../plan/layout.ts";
import { operationOf } from "./document.ts";
import type { PlanDocument, ReportedEntry, ReportedProblem, ReportedSource } from "./schema.ts";

/** One property of an entry that another plan has otherwise. Empty text: it has none. */
export interface Change {
  readonly what: "options" | "appears" | "winner" | "content" | "found" | "ops";
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
  readonly newProblems: readonly ReportedProblem[];
  readonly goneProblems: readonly ReportedProblem[];
}

/** Compares two plans entry by entry, by path. */
export function compareDocuments(old: PlanDocument, now: PlanDocument): Difference {
  const [before, after] = [byPath(old), byPath(now)];
  const [opsBefore, opsAfter] = [opsByRow(old), opsByRow(now)];
  const side = (
    document: PlanDocument,
    entry: ReportedEntry,
    ops: ReadonlyMap<string, readonly string[]>,
  ) => ({
    ...{ entry, sources: document.sources, ops: ops.get(entry.path) ?? [] },
  });
  const changed: ChangedEntry[] = [];
  for (const [path, entry] of after) {
    const was = before.get(path);
    if (was === undefined) continue;
    const changes = changesOf(side(old, was, opsBefore), side(now, entry, opsAfter));
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
  return new Map([...byPath].map(([path, some]) => [path, some.map((op) => withoutNumber(operationOf(op)))]));
}

/** Overlays are numbered: the number is another one as soon as a row is put before it, and means nothing. */
function withoutNumber(operation: string): string {
  return operation.replaceAll(new RegExp(`${LAYOUT.overlay}/\\d+`, "g"), `${LAYOUT.overlay}/N`);
}

/** An entry in one of the two plans. */
interface Side {
  readonly entry: ReportedEntry;
  readonly sources: readonly ReportedSource[];
  readonly ops: readonly string[];
}

function changesOf(was: Side, is: Side): Change[] {
  const decided = differing([
    { what: "options", from: was.entry.options, to: is.entry.options },
    { what: "appears", from: was.entry.placement, to: is.entry.placement },
    { what: "winner", from: winnersOf(was), to: winnersOf(is) },
    { what: "content", from: was.entry.content ?? "", to: is.entry.content ?? "" },
  ]);
  if (decided.length > 0) return decided; // The others follow from these.
  const only = (ops: readonly string[], others: readonly string[]) =>
    ops.filter((op) => !others.includes(op)).join("; ");
  return differing([
    { what: "found", from: foundIn(was), to: foundIn(is) },
    { what: "ops", from: only(was.ops, is.ops), to: only(is.ops, was.ops) },
  ]);
}

function differing(changes: readonly Change[]): Change[] {
  return changes.filter(({ from, to }) => from !== to);
}

/** A source by its name alone: its number is another one as soon as a row is put before it. */
function winnersOf({ entry, sources }: Side): string {
  const place = ({ name, location }: ReportedEntry["candidates"][number]) =>
    sources.find((source) => joinPath(source.location, entry.path) === location)?.name ?? name;
  return winning(entry).map(place).join(" + ");
}

function foundIn({ entry }: Side): string {
  return winning(entry)
    .map(({ found }) => found ?? "")
    .join(" + ");
}

function winning({ winners, candidates }: ReportedEntry): ReportedEntry["candidates"] {
  return candidates.filter(({ name }) => winners.includes(name));
}

/** The same problem in a table that has more or fewer lines above is the same. */
function sameness({ code, on, found }: ReportedProblem): string {
  return JSON.stringify([code, on, found]).replace(/\bline \d+/g, "line");
}
