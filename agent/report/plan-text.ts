import { formatProblem, printable } from "../errors.ts";
import { normalPath } from "../plan/layout.ts";
import { alignColumns } from "../text-table.ts";
import { operationOf } from "./document.ts";
import type { PlanDocument, ReportedEntry } from "./schema.ts";

/** In words for the first column of a person's questions: how do I see it at its path? */
export const APPEARS: Readonly<Record<ReportedEntry["placement"], string>> = {
  bind: "bind mount",
  link: "symlink",
  "inside parent": "inside its directory's copy",
  overlay: "overlay mount",
  none: "not at all",
};

/** A plan for a person: a table of the entries, below each where its content was looked for and what is done. */
export function formatPlan(document: PlanDocument): string {
  const { node, image, entries, problems } = document;
  const ops = Map.groupBy(document.ops, ({ row }) => normalPath(row.path));
  const heads = alignColumns([
    ["PATH", "OPTIONS", "APPEARS AS", "CONTENT"],
    ...entries.map((entry) => [
      entry.path,
      entry.options,
      APPEARS[entry.placement],
      entry.winners.join(" + ") || "none",
    ]),
  ]);
  const blocks = entries.map((entry, index) => [
    heads[index + 1] ?? "",
    ...formatCandidates(entry).map((line) => `    ${line}`),
    ...(ops.get(entry.path) ?? []).map((op) => `    ${printable(operationOf(op))}`),
  ]);
  const about = [node, image].filter((part) => part !== undefined).join(", ");
  const counted = `${entries.length} entries, ${document.ops.length} ops, ${problems.length} problems and notes`;
  return [
    printable(about === "" ? counted : `${about}: ${counted}`),
    "",
    heads[0] ?? "",
    ...blocks.flat(),
    ...(problems.length === 0
      ? []
      : ["", ...problems.map((p) => `${p.class === "note" ? "note" : "problem"}: ${formatProblem(p)}`)]),
  ].join("\n");
}

/** The search in order, the winners marked: `> 2 source 2 (…)  file, 12 bytes`. */
export function formatCandidates({ candidates, winners }: ReportedEntry): string[] {
  return alignColumns(
    candidates.map(({ name, found, passedOver }, index) => [
      winners.includes(name) ? ">" : " ",
      String(index + 1),
      name,
      passedOver === undefined ? (found ?? "") : `passed over: ${passedOver}`,
    ]),
  );
}
