import { formatProblem, printable } from "../errors.ts";
import type { Change, Difference } from "./difference.ts";
import { APPEARS } from "./plan-text.ts";
import type { ReportedEntry } from "./schema.ts";

/** What another plan changes, for a person: `+` new, `-` gone, `~` changed. */
export function formatDifference(difference: Difference): string {
  const { added, removed, changed, newProblems, goneProblems } = difference;
  const lines = [
    ...added.map((entry) => `+ ${inShort(entry)}`),
    ...removed.map((entry) => `- ${inShort(entry)}`),
    ...changed.flatMap(({ path, changes }) => [
      `~ ${path}`,
      ...changes.map((change) => `    ${change.what}: ${value(change, "from")} -> ${value(change, "to")}`),
    ]),
    ...newProblems.map((problem) => `+ problem: ${formatProblem(problem)}`),
    ...goneProblems.map((problem) => `- problem: ${formatProblem(problem)}`),
  ];
  return lines.length === 0 ? "nothing changes" : lines.map(printable).join("\n");
}

function inShort({ path, options, placement, winners }: ReportedEntry): string {
  return `${path}  ${options}  ${APPEARS[placement]}  ${winners.join(" + ") || "no content"}`;
}

function value(change: Change, side: "from" | "to"): string {
  const text = change[side];
  if (text === "") return "none";
  return change.what === "appears" ? APPEARS[text as ReportedEntry["placement"]] : text;
}
