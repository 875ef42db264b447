import { allNodes, groupsOf, isNode, nodeAttribute, siteValue } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { perSet } from "../tables/per-set.ts";
import { columnOf } from "./node-columns.ts";
import { patternOf } from "./pattern.ts";

/** A range is typed by a person, or sent by anybody: no expansion is larger than a large cluster. */
const maxNodes = 200_000;
const maxDepth = 16;
/** Nodes looked at, over all parts of a range: "all,-all,all…" makes no large expansion, and takes as long. */
const maxSteps = 1_000_000;
/** Of a name (RFC 1035), lists in brackets aside. */
const maxName = 255;
/** For all patterns of a range together: a cluster's names take a hundredth of it. */
const maxPatternMilliseconds = 1000;
/** A range that is mistaken more often is not looked at to its end: taking names apart is what costs most. */
const maxMissing = 1000;

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
 * `,@group` keeps what is in the group of all before it. Files (`^path`) are not read. Every node once, by the byte order
 * of their names, without those that `site.excludenodes` takes out of every range.
 */
export function expandNoderange(set: TableSet, range: string): Expansion {
  const work = new Work();
  try {
    const excluded = excludedNodes(set);
    const nodes = [...expandList(set, range.replace(/['"]/g, ""), work, 0)].filter((n) => !excluded.has(n));
    return { nodes: nodes.sort(), missing: work.missing };
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return { nodes: [], missing: work.missing.length > 0 ? work.missing : [range] };
  }
}

const excludedNodes = perSet((set): ReadonlySet<string> => {
  try {
    return expandList(set, siteValue(set, "excludenodes"), new Work(), 0);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return new Set();
  }
});

/** Thrown where a range wants more work, or is missing more, than any that is meant well. */
class TooMuch extends Error {}

/** What an expansion has cost so far, and what it did not find. */
class Work {
  readonly missing: string[] = [];
  #steps = 0;
  #milliseconds = 0;

  /** @throws TooMuch */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > maxSteps) throw new TooMuch();
  }

  /** @throws TooMuch */
  filter(nodes: readonly string[], matches: (node: string) => boolean): readonly string[] {
    this.spend(nodes.length);
    const started = performance.now();
    const before = this.#milliseconds;
    return nodes.filter((node) => {
      const matching = matches(node);
      this.#milliseconds = before + performance.now() - started;
      if (this.#milliseconds > maxPatternMilliseconds) throw new TooMuch();
      return matching;
    });
  }

  /** @throws TooMuch */
  miss(part: string): void {
    this.missing.push(part);
    if (this.missing.length >= maxMissing) throw new TooMuch();
  }
}

function expandList(set: TableSet, range: string, work: Work, depth: number): Set<string> {
  const included = new Set<string>();
  const excluded = new Set<string>();
  if (depth > maxDepth) {
    work.miss(range);
    return included;
  }
  for (const part of splitOutside(range, ",")) {
    const atom = part.trim();
    const sign = /^[-@]/.exec(atom)?.[0];
    const text = atom.slice(sign?.length ?? 0);
    if (text === "") continue;
    const nodes = intersect(set, text, work, depth);
    if (sign === "@") {
      const keep = new Set(nodes);
      for (const node of included) if (!keep.has(node)) included.delete(node);
    } else for (const node of nodes) (sign === "-" ? excluded : included).add(node);
    if (included.size > maxNodes) {
      work.miss(range);
      return new Set();
    }
  }
  for (const node of excluded) included.delete(node);
  return included;
}

function intersect(set: TableSet, text: string, work: Work, depth: number): readonly string[] {
  const [first = "", ...others] = text.startsWith("/") ? [text] : splitOutside(text, "@");
  let nodes = expandAtom(set, first, work, depth);
  for (const other of others) {
    const keep = new Set(expandAtom(set, other, work, depth));
    nodes = nodes.filter((node) => keep.has(node));
  }
  return nodes;
}

function expandAtom(set: TableSet, atom: string, work: Work, depth: number): readonly string[] {
  if (atom.startsWith("(") && atom.endsWith(")"))
    return [...expandList(set, atom.slice(1, -1), work, depth + 1)];
  const matches = byPattern(atom) ?? byCriterion(set, atom);
  return matches === undefined ? expandName(set, atom, work, depth) : work.filter(nodesOf(set), matches);
}

/** A node, a group, or a range of either. */
function expandName(set: TableSet, name: string, work: Work, depth: number): readonly string[] {
  work.spend(1);
  if (isNode(set, name)) return [name];
  const dynamic = dynamicGroup(set, name);
  if (dynamic !== undefined) return work.filter(nodesOf(set), dynamic);
  const members = groupMembers(set).get(name);
  if (members !== undefined) {
    work.spend(members.length);
    return members;
  }
  const nodegroup = tableOf(set, "nodegroup");
  if (nodegroup.rowsWhere("groupname", name).some((row) => nodegroup.cell(row, "grouptype") !== "dynamic"))
    return [];
  // Taking a name apart costs more than looking it up.
  work.spend(10);
  const names = expandNames(name, work);
  if (names === undefined || depth >= maxDepth) {
    work.miss(name);
    return [];
  }
  return names.flatMap((one) => expandName(set, one, work, depth + 1));
}

const nodesOf = perSet(allNodes);

/** Whether a node is meant. */
type Criterion = (node: string) => boolean;

function byPattern(atom: string): Criterion | undefined {
  if (!atom.startsWith("/")) return undefined;
  const pattern = patternOf(`^(?:${atom.slice(1).replace(/\/$/, "")})$`);
  return pattern && ((node) => pattern.test(node));
}

function byCriterion(set: TableSet, atom: string): Criterion | undefined {
  const [, where = "", operator = "", value = ""] = /^([\w.]+)(==|=~|!=|!~|=)(.*)$/s.exec(atom) ?? [];
  const [table = "", column = ""] = columnOf(where)?.split(".") ?? [];
  if (table === "" || column === "") return undefined;
  const pattern = operator.includes("~") ? patternOf(value.replace(/^\/(.*)\/$/s, "$1")) : undefined;
  if (operator.includes("~") && pattern === undefined) return undefined;
  return (node) => {
    const actual = nodeAttribute(set, node, table, column);
    const equal = pattern === undefined ? actual === value : pattern.test(actual);
    return operator.startsWith("!") ? !equal : equal;
  };
}

/**
 * Who is in a group whose members follow from attributes, `os==rhels9::arch==x86_64` in nodegroup.wherevals. Undefined
 * for another group, and for one whose condition is not understood: that one is missing rather than empty.
 */
function dynamicGroup(set: TableSet, name: string): Criterion | undefined {
  const nodegroup = tableOf(set, "nodegroup");
  const row = nodegroup.rowsWhere("groupname", name)[0];
  if (row === undefined || nodegroup.cell(row, "grouptype") !== "dynamic") return undefined;
  const conditions = nodegroup.cell(row, "wherevals").split("::");
  const criteria = conditions.map((condition) => byCriterion(set, condition));
  if (criteria.includes(undefined)) return undefined;
  return (node) => criteria.every((criterion) => criterion?.(node) === true);
}

/** `n[1-3,5]x`, `n01-n05`, `n01:n05` and `n01+4` to names; undefined where the text is none of them. */
function expandNames(atom: string, work: Work): readonly string[] | undefined {
  const [, before, inside, after] = /^([^[\]]*)\[([^[\]]+)\](.*)$/s.exec(atom) ?? [];
  if (atom.length - (inside?.length ?? 0) > maxName) return undefined;
  if (before !== undefined && inside !== undefined && after !== undefined) {
    const names = inside.split(",").map((piece) => {
      const [from = "", to] = piece.split(/[-:]/);
      return to === undefined ? [from] : numbers(from, to, work);
    });
    return names.includes(undefined)
      ? undefined
      : names.flatMap((list) => (list ?? []).map((number) => `${before}${number}${after}`));
  }
  const plus = atom.lastIndexOf("+");
  if (plus >= 0) {
    // By its last number; the pieces between numbers, and the numbers, are in turn.
    const pieces = atom.slice(0, plus).split(/(\d+)/);
    const [from = "", suffix = ""] = pieces.splice(-2);
    const to = String(Number(from) + Number(atom.slice(plus + 1))).padStart(from.length, "0");
    return numbers(from, to, work)?.map((number) => `${pieces.join("")}${number}${suffix}`);
  }
  for (const separator of atom.includes(":") ? [":"] : ["-"]) {
    const pieces = atom.split(separator);
    if (pieces.length < 2 || pieces.length % 2 !== 0) return undefined;
    const left = pieces.slice(0, pieces.length / 2).join(separator);
    return between(left, pieces.slice(pieces.length / 2).join(separator), work);
  }
  return undefined;
}

/** The names from `left` to `right`, which may differ in one number only. */
function between(left: string, right: string, work: Work): readonly string[] | undefined {
  const lefts = left.split(/(\d+)/);
  const rights = right.split(/(\d+)/);
  if (lefts.length !== rights.length) return undefined;
  const differing = lefts.flatMap((piece, index) => (piece === rights[index] ? [] : [index]));
  const [at, ...more] = differing;
  if (at === undefined) return [left];
  const from = lefts[at] ?? "";
  if (more.length > 0 || !/^\d+$/.test(from)) return undefined;
  return numbers(from, rights[at] ?? "", work)?.map((n) =>
    [...lefts.slice(0, at), n, ...lefts.slice(at + 1)].join(""),
  );
}

function numbers(from: string, to: string, work: Work): readonly string[] | undefined {
  if (!/^\d{1,9}$/.test(from) || !/^\d{1,9}$/.test(to)) return undefined;
  const count = Number(to) - Number(from) + 1;
  if (count < 1 || count > maxNodes) return undefined;
  work.spend(count);
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
