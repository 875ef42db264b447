import { printable } from "../errors.ts";
import { wrapText } from "../text-table.ts";
import type { Change, Difference } from "./difference.ts";
import { APPEARS, formatFinding } from "./plan-text.ts";
import type { ReportedEntry } from "./schema.ts";

/**
 * What another plan changes, for a person: `+` new, `-` gone, `~` changed.
 *
 * @param width columns of the terminal
 */
export function formatDifference(difference: Difference, width?: number): string {
  const { added, removed, changed, newProblems, goneProblems } = difference;
  const lines = [
    ...added.map((entry) => `+ ${inShort(entry)}`),
    ...removed.map((entry) => `- ${inShort(entry)}`),
    ...changed.flatMap(({ path, changes }) => [`~ ${path}`, ...changes.flatMap(formatChange)]),
    ...newProblems.map((problem) => `+ ${formatFinding(problem)}`),
    ...goneProblems.map((problem) => `- ${formatFinding(problem)}`),
  ];
  return lines.length === 0
    ? "nothing changes"
    : lines.map((line) => wrapText(printable(line), width)).join("\n");
}

function inShort({ path, options, placement, winners }: ReportedEntry): string {
  return `${path}  ${options}  ${APPEARS[placement]}  ${winners.join(" + ") || "no content"}`;
}

/** Ops have arrows of their own. */
function formatChange(change: Change): string[] {
  const [from, to] = [value(change, "from"), value(change, "to")];
  return change.what === "ops" ? [`    - ${from}`, `    + ${to}`] : [`    ${change.what}: ${from} -> ${to}`];
}

function value(change: Change, side: "from" | "to"): string {
  const text = change[side];
  if (text === "") return "none";
  return change.what === "appears" ? APPEARS[text as ReportedEntry["placement"]] : text;
}
