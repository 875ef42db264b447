import { perlPattern } from "../../agent/rows/perl-pattern.ts";
import { perlNumber } from "../../agent/rows/rows.ts";
import { type Row, type TableSet, tableOf } from "../../agent/rows/table.ts";
import { perSet } from "../tables/per-set.ts";
import { expandNoderange } from "./noderange.ts";

/** Who asks, as far as policy rows can tell. */
export interface Asker {
  /** CN of a client certificate that the CA signed. */
  readonly certificateName?: string;
  /** The name that the source address stands for, else the address. */
  readonly host: string;
}

export interface AskedFor {
  readonly command: string;
  readonly args: readonly string[];
  /** The nodes of an explicit `<noderange>`; absent where there is none. */
  readonly nodes?: readonly string[];
}

/** An administrator's pattern is tried on what anybody sends; no command here takes parameters at all. */
const maxParameters = 1024;

export type Decision =
  | { readonly allowed: false; readonly why: string }
  | {
      readonly allowed: true;
      /** Nodes, other than the asker's own, that the policy names or entrusts to a named asker. */
      readonly others: "all" | ReadonlySet<string>;
    };

const sortedRules = perSet((set): readonly Row[] => {
  const policy = tableOf(set, "policy");
  return policy.rows.toSorted(
    (a, b) => perlNumber(policy.cell(a, "priority")) - perlNumber(policy.cell(b, "priority")),
  );
});

const ranges = perSet(() => new Map<string, ReadonlySet<string>>());

/** The nodes that a row is about: worked out once, as every request comes by here. */
function nodesOf(set: TableSet, range: string): ReadonlySet<string> {
  const known = ranges(set).get(range) ?? new Set(expandNoderange(set, range).nodes);
  ranges(set).set(range, known);
  return known;
}

/**
 * The policy table's answer: rows in numeric order of priority, the first that matches decides, no match
 * denies. Empty columns and `*` match everything, but `*` as a name wants some certificate; `time` is
 * ignored, as xcatd does. An allowing row whose noderange covers a part of the nodes settles that part only.
 */
export function decide(set: TableSet, asker: Asker, asked: AskedFor): Decision {
  const parameters = asked.args.join(" ");
  const policy = tableOf(set, "policy");
  let left = asked.nodes ?? [];
  const named = new Set<string>();
  for (const row of sortedRules(set)) {
    const [name, host, commands, pattern, range, rule] = [
      "name",
      "host",
      "commands",
      "parameters",
      "noderange",
      "rule",
    ].map((column) => policy.cell(row, column)) as [string, string, string, string, string, string];
    if (
      name !== "" &&
      (asker.certificateName === undefined || (name !== "*" && name !== asker.certificateName))
    )
      continue;
    if (isLimit(host) && host !== asker.host) continue;
    if (isLimit(commands) && !commands.split(",").includes(asked.command)) continue;
    if (isLimit(pattern)) {
      if (parameters.length > maxParameters)
        return {
          allowed: false,
          why: `parameters of over ${maxParameters} characters, which are not looked at`,
        };
      const matching = matches(pattern, parameters);
      if (matching === undefined)
        return {
          allowed: false,
          why: `policy row ${policy.cell(row, "priority")}: no pattern for parameters, or one that could take for ever`,
        };
      if (!matching) continue;
    }
    const allows = /allow|accept|trusted/i.test(rule);
    if (isLimit(range)) {
      if (left.length === 0) continue;
      const covered = nodesOf(set, range);
      const hits = left.filter((node) => covered.has(node));
      if (hits.length === 0) continue;
      if (allows) for (const node of hits) named.add(node);
      if (allows && hits.length < left.length) {
        left = left.filter((node) => !covered.has(node));
        continue;
      }
    }
    if (!allows) return { allowed: false, why: `policy row ${policy.cell(row, "priority")}` };
    return { allowed: true, others: name !== "" || range === "*" ? "all" : named };
  }
  return { allowed: false, why: "no policy row matches" };
}

function isLimit(value: string): boolean {
  return value !== "" && value !== "*";
}

/** Undefined for what is no pattern: Perl would die of it and refuse the request, whatever the row says. */
function matches(pattern: string, text: string): boolean | undefined {
  try {
    return perlPattern(pattern).test(text);
  } catch {
    return undefined;
  }
}
