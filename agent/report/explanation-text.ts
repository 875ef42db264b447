import { printable } from "../errors.ts";
import { parseOptions } from "../plan/entry.ts";
import { wrapText } from "../text-table.ts";
import type { Explanation } from "./explanation.ts";
import { APPEARS, formatCandidates, formatFinding, formatOperation } from "./plan-text.ts";
import type { ReportedEntry } from "./schema.ts";

/** What stands before an answer. */
type Label =
  | "leads to"
  | "its row"
  | "lies inside"
  | "instead of"
  | "content"
  | "its tree"
  | "appears as"
  | "lies at";

/** The column at which answers begin. */
const ANSWERS = 14;

/**
 * An explanation for a person, the answer first.
 *
 * @param width columns of the terminal
 */
export function formatExplanation(explanation: Explanation, width?: number): string {
  const { path, leadsTo, entry, content, ops, problems, below } = explanation;
  const line = ([label, text]: readonly [Label, string]) =>
    `  ${label.padEnd(ANSWERS - 2)}${wrapText(printable(text), width, ANSWERS)}`;
  const lines = [printable(path)];
  if (leadsTo !== undefined) lines.push(line(["leads to", `${leadsTo}, by links of the image`]));
  if (entry === undefined) lines.push(`  ${imageOnly(problems)}`);
  else lines.push(...answers(explanation, entry).map(line));
  if (content !== undefined) lines.push(line(["lies at", content]));
  if (entry !== undefined && entry.candidates.length > 0)
    lines.push("  looked at, in order", ...formatCandidates(entry, width));
  if (ops.length > 0) lines.push("  done for it", ...ops.map((op) => formatOperation(op, width)));
  if (below.length > 0)
    lines.push("  entries of their own below it", ...below.map((name) => formatOperation(name, width)));
  return [...lines, ...problems.map((problem) => formatFinding(problem, width))].join("\n");
}

function imageOnly(problems: Explanation["problems"]): string {
  if (problems.some(({ code }) => code === "target-left"))
    return "no litefile row covers it any more: on the node there is nothing";
  return problems.length > 0
    ? "a row names it that could not be used: what is there is the image's own, read-only"
    : "no litefile row covers it: it is the image's own, read-only";
}

function answers({ covered, sources }: Explanation, entry: ReportedEntry): (readonly [Label, string])[] {
  const { path, options, origin, placement, winners } = entry;
  const isImplied = origin === undefined && path === "/etc/mtab" && options === "link";
  const where = origin === undefined ? "" : `, ${formatPlace(origin)}`;
  const inside = covered === "inside" && placement !== "none" ? ` of ${path}` : "";
  return [
    [
      covered === "entry" ? "its row" : "lies inside",
      `"${options}" ${path}${isImplied ? ", which the server adds" : where}`,
    ],
    ...(origin?.insteadOf ?? []).map((row) => ["instead of", formatPlace(row)] as const),
    ["content", winners.join(" + ") || "none: it could not be placed"],
    ...sources.flatMap((source) =>
      source.origin === undefined
        ? []
        : [["its tree", `${source.name}, ${formatPlace(source.origin)}`] as const],
    ),
    ["appears as", `${APPEARS[placement]}${inside}${placement === "none" ? "" : lifetime(options)}`],
  ];
}

/** Where a row stands, and what its image column says. */
function formatPlace({ place, image }: { readonly place: string; readonly image: string }): string {
  return `${place} (image ${image === "" ? "blank" : image})`;
}

/** How long what is written there lasts (semantics section 5). */
function lifetime(options: string): string {
  switch (parseOptions(options)?.option) {
    case undefined:
      return "";
    case "ro":
    case "link,ro":
      return "; read-only, a change on the server is seen at once";
    case "persistent":
    case "link,persistent":
      return "; kept from boot to boot in the node's state";
    case "localdisk":
      return "; kept as long as the local disk";
    default:
      return "; in memory, fresh at each boot";
  }
}
