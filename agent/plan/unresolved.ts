import type { Problem } from "../errors.ts";
import type { Candidate } from "./candidate.ts";
import { NOT_THERE } from "./candidates.ts";
import { type Entry, rowProblem } from "./entry.ts";
import { LAYOUT } from "./layout.ts";
import type { Target } from "./observation.ts";

/** That nobody has an entry's content: why each was passed over, and what to do. */
export function unresolved(entry: Entry, found: readonly Candidate[], target: Target): Problem {
  // Why a source could not be mounted is a problem of its own: here it would be said for each row.
  const byReason = Map.groupBy(found, ({ unmounted, passedOver = "" }) =>
    unmounted === true ? "not mounted" : passedOver,
  );
  const reasons = [...byReason].map(([reason, some]) => `${namesInShort(some)}: ${reason}`);
  return rowProblem(
    entry.row,
    "unresolved",
    `has no content (${reasons.join("; ")})`,
    remedyFor(entry, found, target),
  );
}

function remedyFor(entry: Entry, found: readonly Candidate[], target: Target): string {
  const unmounted = found.filter((candidate) => candidate.unmounted === true);
  if (unmounted.length > 0)
    return `if it is to come from ${namesInShort(unmounted)}, mend what keeps that from being mounted; else put it into the image and run liteimg again, or remove the row`;
  if (target.kind !== undefined && found.at(-1)?.passedOver === NOT_THERE)
    return `run liteimg for the image again, which has a ${target.kind} there and no copy of it in ${LAYOUT.defaults}`;
  const anywhere =
    "put it into the image and run liteimg again, put it into a litetree source, or remove the row";
  if (!entry.path.includes("?")) return anywhere;
  return `xcatd sends "?" for what is not ASCII: where that is so, rename it, or ask by JSON (XCAT=https://…); else ${anywhere}`;
}

/** Of many sources the number says enough on a console; the report names each. */
function namesInShort(found: readonly Candidate[]): string {
  const names = found.map(({ name }) => name);
  const sources = names.filter((name) => name !== "default");
  if (sources.length <= 2) return names.join(", ");
  return [`${sources.length} sources`, ...names.filter((name) => name === "default")].join(" and ");
}
