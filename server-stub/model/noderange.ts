import { groupsOf, isNode, nodeAttribute } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { perSet } from "../tables/per-set.ts";

/** A range is typed by a person, or sent by anybody: no expansion is larger than a large cluster. */
const maxNodes = 200_000;
const maxDepth = 16;

export interface Expansion {
  readonly nodes: readonly string[];
  /** Parts that name no node, group or range of them. */
  readonly missing: readonly string[];
}

const groupMembers = perSet((set): ReadonlyMap<string, readonly string[]> => {
  const nodelist = tableOf(set, "nodelist");
  const groups = new Map<string, string[]>();
  for (const row of nodelist.rows) {
    const node = nodelist.cell(row, "node");
    for (const group of groupsOf(set, node)) {
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [node]);
      else members.push(node);
    }
  }
  return groups;
});

/**
 * Expands a noderange as noderange(3) of xCAT has it: names, groups, `n[01-20]`, `n01-n20`, `n01:n20`,
 * `n01+3`, `group@group`, `(…)`, `-excluded`, `/regex/` and `table.column==value` (`=`, `!=`, `=~`, `!~`).
 * Files (`^path`) are not read. Every node once, in the order of the first mention.
 */
export function expandNoderange(set: TableSet, range: string): Expansion {
  const missing: string[] = [];
  const nodes = expandList(set, range, missing, 0);
  return { nodes: [...nodes], missing };
}

function expandList(set: TableSet, range: string, missing: string[], depth: number): Set<string> {
  const included = new Set<string>();
  const excluded = new Set<string>();
  if (depth > maxDepth) {
    missing.push(range);
    return included;
  }
  for (const part of splitOutside(range, ",")) {
    const atom = part.trim();
    const target = atom.startsWith("-") ? excluded : included;
    const text = atom.startsWith("-") ? atom.slice(1) : atom;
    if (text === "") continue;
    for (const node of intersect(set, text, missing, depth)) target.add(node);
    if (included.size > maxNodes) {
      missing.push(range);
      return new Set();
    }
  }
  for (const node of excluded) included.delete(node);
  return included;
}

function intersect(set: TableSet, text: string, missing: string[], depth: number): readonly string[] {
  const [first = "", ...others] = text.startsWith("/") ? [text] : splitOutside(text, "@");
  let nodes = expandAtom(set, first, missing, depth);
  for (const other of others) {
    const keep = new Set(expandAtom(set, other, missing, depth));
    nodes = nodes.filter((node) => keep.has(node));
  }
  return nodes;
}

function expandAtom(set: TableSet, atom: string, missing: string[], depth: number): readonly string[] {
  if (isNode(set, atom)) return [atom];
  const members = groupMembers(set).get(atom);
  if (members !== undefined) return members;
  if (tableOf(set, "nodegroup").rowsWhere("groupname", atom).length > 0) return [];
  if (atom.startsWith("(") && atom.endsWith(")"))
    return [...expandList(set, atom.slice(1, -1), missing, depth + 1)];
  const matching = byPattern(set, atom) ?? byCriterion(set, atom);
  if (matching !== undefined) return matching;
  const names = expandNames(atom);
  if (names === undefined || depth >= maxDepth) {
    missing.push(atom);
    return [];
  }
  return names.flatMap((name) => expandAtom(set, name, missing, depth + 1));
}

const allNodes = perSet((set) => {
  const nodelist = tableOf(set, "nodelist");
  return nodelist.rows.map((row) => nodelist.cell(row, "node")).filter((node) => node !== "");
});

function byPattern(set: TableSet, atom: string): readonly string[] | undefined {
  if (!atom.startsWith("/")) return undefined;
  const pattern = regex(`^(?:${atom.slice(1).replace(/\/$/, "")})$`);
  return pattern === undefined ? undefined : allNodes(set).filter((node) => pattern.test(node));
}

function byCriterion(set: TableSet, atom: string): readonly string[] | undefined {
  const [, where = "", operator = "", value = ""] = /^([\w.]+)(==|=~|!=|!~|=)(.*)$/s.exec(atom) ?? [];
  const [table = "", column = ""] = where === "groups" ? ["nodelist", "groups"] : where.split(".");
  if (table === "" || column === "") return undefined;
  const pattern = operator.includes("~") ? regex(value.replace(/^\/(.*)\/$/s, "$1")) : undefined;
  if (operator.includes("~") && pattern === undefined) return undefined;
  return allNodes(set).filter((node) => {
    const actual = nodeAttribute(set, node, table, column);
    const equal = pattern === undefined ? actual === value : pattern.test(actual);
    return operator.startsWith("!") ? !equal : equal;
  });
}

function regex(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined; // Not a pattern: the caller names the atom as missing.
  }
}

/** `n[1-3,5]x`, `n01-n05`, `n01:n05` and `n01+4` to names; undefined where the text is none of them. */
function expandNames(atom: string): readonly string[] | undefined {
  const [, before, inside, after] = /^([^[\]]*)\[([^[\]]+)\](.*)$/s.exec(atom) ?? [];
  if (before !== undefined && inside !== undefined && after !== undefined) {
    const names = inside.split(",").map((piece) => {
      const [from = "", to] = piece.split(/[-:]/);
      return to === undefined ? [from] : numbers(from, to);
    });
    return names.includes(undefined)
      ? undefined
      : names.flatMap((list) => (list ?? []).map((number) => `${before}${number}${after}`));
  }
  const plus = /^(.*?)(\d+)(\D*)\+(\d+)$/s.exec(atom);
  if (plus !== null) {
    const [, prefix = "", from = "", suffix = "", count = ""] = plus;
    const to = String(Number(from) + Number(count)).padStart(from.length, "0");
    return numbers(from, to)?.map((number) => `${prefix}${number}${suffix}`);
  }
  for (const separator of atom.includes(":") ? [":"] : ["-"]) {
    const pieces = atom.split(separator);
    if (pieces.length < 2 || pieces.length % 2 !== 0) return undefined;
    const left = pieces.slice(0, pieces.length / 2).join(separator);
    return between(left, pieces.slice(pieces.length / 2).join(separator));
  }
  return undefined;
}

/** The names from `left` to `right`, which may differ in one number only. */
function between(left: string, right: string): readonly string[] | undefined {
  const lefts = left.split(/(\d+)/);
  const rights = right.split(/(\d+)/);
  if (lefts.length !== rights.length) return undefined;
  const differing = lefts.flatMap((piece, index) => (piece === rights[index] ? [] : [index]));
  const [at, ...more] = differing;
  if (at === undefined) return [left];
  const from = lefts[at] ?? "";
  if (more.length > 0 || !/^\d+$/.test(from)) return undefined;
  return numbers(from, rights[at] ?? "")?.map((n) =>
    [...lefts.slice(0, at), n, ...lefts.slice(at + 1)].join(""),
  );
}

function numbers(from: string, to: string): readonly string[] | undefined {
  if (!/^\d{1,9}$/.test(from) || !/^\d{1,9}$/.test(to)) return undefined;
  const count = Number(to) - Number(from) + 1;
  if (count < 1 || count > maxNodes) return undefined;
  return Array.from({ length: count }, (_, i) => String(Number(from) + i).padStart(from.length, "0"));
}

function splitOutside(text: string, separator: "," | "@"): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("[(".includes(character)) depth += 1;
    if ("])".includes(character)) depth -= 1;
    if (character === separator && depth <= 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}
