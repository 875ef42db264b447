import { formatProblem, printable } from "../errors.ts";
import { parseOptions } from "../plan/entry.ts";
import type { Explanation } from "./explanation.ts";
import { APPEARS, formatCandidates } from "./plan-text.ts";
import type { ReportedEntry } from "./schema.ts";

/** An explanation for a person, the answer first. */
export function formatExplanation(explanation: Explanation): string {
  const { path, covered, entry, content, ops, problems, below } = explanation;
  const lines = [
    path,
    ...(entry === undefined ? [imageOnly(problems.length > 0)] : coveredLines(covered, entry)),
  ];
  if (content !== undefined) lines.push(`  lies at     ${content}`);
  if (entry !== undefined && entry.candidates.length > 0)
    lines.push("  looked at, in order", ...formatCandidates(entry).map((line) => `    ${line}`));
  if (ops.length > 0) lines.push("  done for it", ...ops.map((op) => `    ${op}`));
  if (below.length > 0) lines.push("  entries of their own below it", ...below.map((name) => `    ${name}`));
  return [...lines.map(printable), ...problems.map((problem) => `problem: ${formatProblem(problem)}`)].join(
    "\n",
  );
}

function imageOnly(refused: boolean): string {
  return refused
    ? "  a row names it that could not be used: what is there is the image's own, read-only"
    : "  no litefile row covers it: it is the image's own, read-only";
}

function coveredLines(covered: Explanation["covered"], entry: ReportedEntry): string[] {
  const { path, options, origin, placement, winners } = entry;
  const where = origin === undefined ? "" : `, ${origin}`;
  const row = `"${options}" ${path}${where}`;
  return [
    covered === "entry" ? `  its row     ${row}` : `  lies inside ${row}`,
    `  content     ${winners.join(" + ") || "none: it could not be placed"}`,
    `  appears as  ${APPEARS[placement]}${covered === "inside" ? ` of ${path}` : ""}${placement === "none" ? "" : lifetime(options)}`,
  ];
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
