import { perlPattern } from "./perl-pattern.ts";
import { readSum, type Sum } from "./sum.ts";

/**
 * Values that xCAT works out from a node's name, so that one row of a group serves all of its nodes:
 *
 * - `|\D+(\d+)|10.0.0.($1+10)|`: what the pattern finds in the name is replaced; each pair of parentheses is a sum of
 *   whole numbers, `$1` what the first group of the pattern found;
 * - `|10.0.0.($1+10)|`: the same without a pattern; `$1`, `$2` … are the numbers of the name without their first zeros;
 * - `/\z/-bmc/`: replaced as it is written.
 *
 * A name in which the pattern finds nothing is the value itself. All of this is as xCAT's Table.pm has it, but that a
 * directory written with a slash at its end, `/vol/nfs/`, stays one unless its first part is found in the name.
 */
interface NameRule {
  /** Absent: by the numbers of the name. */
  readonly pattern?: RegExp;
  readonly pieces: readonly (string | Sum)[];
}

/** Beyond it something else than a rule was written. */
const maxLength = 1024;
const maxRules = 1000;

/** `null`: it has the form of a rule, and cannot be one. */
const rules = new Map<string, NameRule | null>();

/** Whether a value has the form of a rule, and is none that can be worked out. */
export function isBrokenRule(value: string): boolean {
  return isRule(value) && ruleOf(value) === null;
}

/** The value for this node: as it stands, or worked out from the node's name; empty where that is impossible. */
export function valueByName(value: string, node: string): string {
  if (!isRule(value)) return value;
  const rule = ruleOf(value);
  if (rule === null) return "";
  if (directory.test(value) && rule.pattern?.test(node) === false) return value;
  return apply(rule, node);
}

const directory = /^(?:\/[\w-]+){2}\/$/;

function isRule(value: string): boolean {
  if (value[0] !== "|" && value[0] !== "/") return false;
  return /^(?:\|.*\||\/[^/]*\/[^/]*\/)$/.test(value);
}

function ruleOf(value: string): NameRule | null {
  const known = rules.get(value);
  if (known !== undefined) return known;
  const rule = value.length > maxLength ? null : parse(value);
  if (rules.size >= maxRules) rules.clear();
  rules.set(value, rule);
  return rule;
}

function parse(value: string): NameRule | null {
  const separator = value.charAt(0);
  const inside = value.slice(1, -1);
  const middle = inside.indexOf(separator);
  try {
    if (separator === "/")
      return { pattern: perlPattern(inside.slice(0, middle)), pieces: [inside.slice(middle + 1)] };
    const pieces = piecesOf(inside.slice(middle + 1));
    return middle === -1 ? { pieces } : { pattern: perlPattern(inside.slice(0, middle)), pieces };
  } catch {
    return null; // No pattern, or no sum: who reads the tables tells which row it is.
  }
}

function apply({ pattern, pieces }: NameRule, node: string): string {
  const found = (pattern ?? byNumbers(node)).exec(node);
  if (found === null) return node;
  const [all] = found;
  const put = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    // Perl calculates with the whole name in which the sum stands: beside a rest of it there is no result.
    return all === node ? String(calculate(piece, found)) : "";
  });
  return `${node.slice(0, found.index)}${put.join("")}${node.slice(found.index + all.length)}`;
}

function calculate(sum: Sum, groups: readonly (string | undefined)[]): string | bigint {
  try {
    return sum(groups);
  } catch {
    return ""; // Divided by zero.
  }
}

/** Finds each number of the name, zeros before it left out. */
function byNumbers(node: string): RegExp {
  const numbers = node.match(/[\D0]*\d+/g)?.length ?? 0;
  return new RegExp(`${"[\\D0]*(\\d+)".repeat(numbers)}.*$`);
}

/** Text and sums in turn; a parenthesis that has no partner is text, and so is all behind it. */
function piecesOf(text: string): (string | Sum)[] {
  const pieces: (string | Sum)[] = [];
  let at = 0;
  for (;;) {
    const open = text.slice(at).search(/[()]/) + at;
    const end = open < at || text[open] === ")" ? undefined : closing(text, open);
    if (end === undefined) return [...pieces, text.slice(at)];
    pieces.push(text.slice(at, open), readSum(text.slice(open, end)));
    at = end;
  }
}

/** The place after the parenthesis that closes the one at `open`. */
function closing(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}
