import { formatProblem, printable } from "../errors.ts";
import { normalPath } from "../plan/layout.ts";
import { alignColumns, wrapText } from "../text-table.ts";
import { operationOf } from "./document.ts";
import type { PlanDocument, ReportedEntry, ReportedProblem, ReportedSource } from "./schema.ts";

/** In words for the first column of a person's questions: how do I see it at its path? */
export const APPEARS: Readonly<Record<ReportedEntry["placement"], string>> = {
  bind: "bind mount",
  link: "symlink",
  "inside parent": "inside its directory's copy",
  overlay: "overlay mount",
  none: "not at all",
};

/**
 * A plan for a person: the sources, a table of the entries, below each where its content was looked for and what is
 * done, and at the end everything that is wrong.
 *
 * @param width columns of the terminal
 */
export function formatPlan(document: PlanDocument, width?: number): string {
  const { sources, entries, problems } = document;
  return [
    headline(document),
    ...(sources.length === 0 ? [] : ["", ...sourceTable(sources, width)]),
    ...(entries.length === 0 ? [] : ["", ...entryBlocks(document, width)]),
    ...(problems.length === 0 ? [] : ["", ...problems.map((problem) => formatFinding(problem, width))]),
  ].join("\n");
}

/** `problem: …` or `note: …`. */
export function formatFinding(problem: ReportedProblem, width?: number): string {
  return wrapText(`${problem.class === "note" ? "note" : "problem"}: ${formatProblem(problem)}`, width);
}

/** The search in order, the winners marked: `> 2 source 2 (…)  file, 12 bytes`. */
export function formatCandidates({ candidates, winners }: ReportedEntry, width?: number): string[] {
  const rows = candidates.map(({ name, found, passedOver }, index) => [
    `    ${winners.includes(name) ? ">" : " "}`,
    String(index + 1),
    name,
    passedOver === undefined ? (found ?? "") : `passed over: ${passedOver}`,
  ]);
  return alignColumns(rows, { width });
}

/** What is done, indented as the candidates are; what goes on below is indented more. */
export function formatOperation(operation: string, width?: number): string {
  return `    ${wrapText(printable(operation), width, 6)}`;
}

/** `3 entries, 5 ops, 1 problem, 2 notes`. */
function headline({ node, image, entries, ops, problems }: PlanDocument): string {
  const notes = problems.filter((problem) => problem.class === "note").length;
  const counts = [
    count(entries.length, "entry", "entries"),
    count(ops.length, "op"),
    count(problems.length - notes, "problem"),
    ...(notes === 0 ? [] : [count(notes, "note")]),
  ].join(", ");
  const about = [node, image].filter((part) => part !== undefined).join(", ");
  return printable(about === "" ? counts : `${about}: ${counts}`);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function sourceTable(sources: readonly ReportedSource[], width: number | undefined): string[] {
  const rows = sources.map(({ name, origin, lookedAt, unavailable }, index) => [
    index + 1,
    name,
    origin?.place ?? "",
    unavailable === undefined ? (lookedAt ?? "as mounted") : `not there: ${unavailable}`,
  ]);
  return alignColumns([["#", "SOURCE", "ROW", "LOOKED AT"], ...rows], { width });
}

function entryBlocks({ entries, ops }: PlanDocument, width: number | undefined): string[] {
  const opsOf = Map.groupBy(ops, ({ row }) => normalPath(row.path));
  const rows = entries.map((entry) => [
    entry.path,
    entry.options,
    APPEARS[entry.placement],
    entry.winners.join(" + ") || "none",
  ]);
  const [head = "", ...lines] = alignColumns([["PATH", "OPTIONS", "APPEARS AS", "CONTENT"], ...rows], {
    width,
  });
  const blocks = entries.flatMap((entry, index) => [
    lines[index] ?? "",
    ...formatCandidates(entry, width),
    ...(opsOf.get(entry.path) ?? []).map((op) => formatOperation(operationOf(op), width)),
  ]);
  return [head, ...blocks];
}
