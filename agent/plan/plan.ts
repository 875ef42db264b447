import type { Problem } from "../errors.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import type { Candidate, Source } from "./candidate.ts";
import { candidates, NOT_THERE } from "./choose.ts";
import { type Entry, readEntries, rowProblem } from "./entry.ts";
import { type Expectation, SMALL_FILE } from "./expectation.ts";
import { type Containers, keptCandidate, ONLY_KEPT, ownTree, wholeMark, whyUnfinished } from "./kept.ts";
import { formatLocation, isBelow, joinPath, LAYOUT, parentPath } from "./layout.ts";
import { illegalBelow, illegalPairs, isImpliedMtab, PathIndex } from "./nesting.ts";
import { type Observations, resolved, type Target } from "./observation.ts";
import type { Op } from "./op.ts";
import { type Choice, followsLink, type Located, type Placed, type Placing, place } from "./place.ts";
import { questions, type Trees } from "./questions.ts";
import { bindOps, contentOps } from "./steps.ts";

/** Everything that decides a plan, as data. */
export interface PlanInput extends Placing {
  readonly rows: readonly LitefileRow[];
  /** In priority order, the ones that could not be mounted included. */
  readonly sources: readonly Source[];
  readonly seen: Observations;
  /** The image's view of each entry, by its path. */
  readonly targets: ReadonlyMap<string, Target>;
  /** Paths of entries whose state is as if it were not there: it is replaced. */
  readonly reseed?: ReadonlySet<string>;
  /** Directories that are to be seeded around what other rows have kept in them. */
  readonly containers?: Containers;
}

/** Ops that do not depend on each other and may run side by side. */
export type Stage = readonly Op[];

/** An entry that cannot be placed, and what was looked at for it. */
export interface Refused {
  readonly entry: Entry;
  readonly candidates: readonly Candidate[];
  readonly problem: Problem;
}

/** What will be done, why, and what must be true afterwards. */
export interface Plan {
  readonly placed: readonly Placed[];
  readonly refused: readonly Refused[];
  /** Contents first, parents before children; the binds last, one after the other. */
  readonly stages: readonly Stage[];
  readonly binds: readonly Op[];
  readonly expectations: readonly Expectation[];
  readonly problems: readonly Problem[];
}

/** The entries of some rows and what must be looked at to plan them. */
export function prepare(rows: readonly LitefileRow[], trees: Trees) {
  const { entries, problems } = readEntries(rows);
  return { entries, problems, questions: questions(entries, trees) };
}

/** Decides every entry: who wins, how it appears, in what order (semantics section 5). */
export function makePlan(input: PlanInput): Plan {
  const { entries, problems: unread } = readEntries(input.rows);
  const illegal = illegalPairs(entries);
  const index = new PathIndex(entries.map((entry) => entry.path));
  const refused: Refused[] = [];
  const choices: Choice[] = [];
  for (const entry of entries) {
    const bad = illegal.get(entry);
    const choice = bad === undefined ? choose(entry, index, input) : { entry, candidates: [], problem: bad };
    if ("problem" in choice) refused.push(choice);
    else choices.push(choice);
  }
  const placed = placeAll(choices, input, refused);
  return {
    placed,
    refused,
    stages: stagesOf(placed, index, input),
    binds: placed.flatMap(bindOps),
    expectations: placed.flatMap(expectationsOf),
    problems: [...unread, ...refused.map(({ problem }) => problem)],
  };
}

function choose(entry: Entry, index: PathIndex, input: PlanInput): Choice | Refused {
  const found = candidates(entry, index, input.sources, input.seen);
  const target = input.targets.get(entry.path) ?? { canonical: entry.path };
  const own = keptCandidate(entry, input, input.seen);
  const replaces = own !== undefined && input.reseed?.has(entry.path) === true;
  if (own !== undefined && !replaces) {
    if (own.passedOver !== undefined) {
      const remedy = "move it away on the server that keeps it, or change the row; nothing was changed";
      const is = `${formatLocation(own.location)} is ${own.passedOver}`;
      const problem = rowProblem(entry.row, "state-kind", is, remedy);
      return { entry, candidates: [own, ...found], problem };
    }
    const isContainer = input.containers?.has(entry.path) === true;
    const why = whyUnfinished(own, index, input.seen) ?? (isContainer ? ONLY_KEPT : undefined);
    const seed = why === undefined ? undefined : found.find(isDirectory);
    if (seed === undefined) return { entry, candidates: [own, ...found], winners: [own], target };
    const container = { ...own, passedOver: why ?? "" };
    return { entry, candidates: [container, ...found], winners: [seed], target, merge: true };
  }
  const usable = found.filter((candidate) => candidate.passedOver === undefined);
  const [first] = usable;
  const doubt = doubtOf(entry, found);
  if (doubt !== undefined) return { entry, candidates: found, problem: doubt };
  if (first === undefined) return { entry, candidates: found, problem: unresolved(entry, found, target) };
  return { entry, candidates: found, winners: winnersOf(entry, usable, first), target, replaces };
}

/**
 * A place that could not be looked at may have been the winner: what comes after it would be a guess. For `con` each of
 * the sources counts.
 */
function doubtOf(entry: Entry, found: readonly Candidate[]): Problem | undefined {
  const first = found.findIndex((candidate) => candidate.passedOver === undefined);
  const all = first < 0 || (entry.option.endsWith("con") && found[first]?.name !== "default");
  const unknown = (all ? found : found.slice(0, first)).filter((candidate) => candidate.unknown === true);
  if (unknown.length === 0) return undefined;
  const reasons = unknown.map(({ name, passedOver }) => `${name} ${passedOver}`);
  return rowProblem(
    entry.row,
    "source-look",
    `who has it is not known: ${reasons.join("; ")}`,
    "see that the directory is still there on the server, that root may read it (no_root_squash), and boot again",
  );
}

function isDirectory({ observed, passedOver }: Candidate): boolean {
  return passedOver === undefined && observed !== undefined && resolved(observed)?.kind === "directory";
}

/** `con` takes every source that has the file, and the default only where none has it. */
function winnersOf(entry: Entry, usable: readonly Candidate[], first: Candidate): readonly Candidate[] {
  if (!entry.option.endsWith("con")) return [first];
  const sources = usable.filter((candidate) => candidate.name !== "default");
  return sources.length > 0 ? sources : [first];
}

function unresolved(entry: Entry, found: readonly Candidate[], target: Target): Problem {
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

function placeAll(choices: readonly Choice[], placing: Placing, refused: Refused[]): Placed[] {
  const ordered = locate(choices).sort((a, b) => (a.at < b.at ? -1 : 1));
  const byPath = new Map<string, Placed>();
  const all: Placed[] = [];
  for (const choice of ordered) {
    const parent = nearest(choice.at, byPath);
    // The server always sends it: where its directory is no copy that it could go into, the directory's own serves.
    if (isImpliedMtab(choice.entry) && parent !== undefined && parent.content.tree !== LAYOUT.tmpfs) continue;
    const twin = byPath.get(choice.at);
    const result =
      twin !== undefined
        ? samePlace(choice, twin)
        : (illegalPlace(choice, parent) ?? place(choice, parent, placing, all.length));
    if ("class" in result)
      refused.push({ entry: choice.entry, candidates: choice.candidates, problem: result });
    else {
      all.push(result);
      byPath.set(result.canonical, result);
    }
  }
  return all;
}

/**
 * Where each entry is in the end. What is mounted over the image is mounted behind its links, the last one too: where
 * /var/run leads to /run, entries below either lie in `/var/run/`. Inside the copy of another entry a symlink is a part
 * of that, and what liteimg has made leads to the content itself.
 */
function locate(choices: readonly Choice[]): Located[] {
  const isMounted = ({ entry }: Choice) => !entry.option.startsWith("link");
  const places = choices.flatMap((choice) => {
    const { canonical, behind } = choice.target;
    return behind !== undefined && isMounted(choice) ? [canonical, behind] : [canonical];
  });
  const covering = new Set(places);
  const located = choices.map((choice) => {
    const { canonical, behind } = choice.target;
    const follows = behind !== undefined && isMounted(choice) && !liesBelowOne(canonical, covering);
    return { ...choice, at: follows ? behind : canonical };
  });
  // In a copy a directory of its own takes the place of a link, and what lies in it by its row lies in it there.
  const instead = located.filter(
    ({ entry, at, target }) => entry.directory && target.behind !== undefined && at === target.canonical,
  );
  return located.map((one) => {
    const above = instead.findLast(
      ({ entry, target }) =>
        isBelow(one.entry.path, entry.path) && isBelow(one.at, target.behind ?? target.canonical),
    );
    const rest = above && one.at.slice((above.target.behind ?? "").length);
    return above === undefined ? one : { ...one, at: joinPath(above.at, rest ?? "") };
  });
}

function liesBelowOne(path: string, places: ReadonlySet<string>): boolean {
  for (let up = parentPath(path); up !== "/"; up = parentPath(up)) if (places.has(up)) return true;
  return false;
}

/** Rule 9 for two paths that are one by a link of the image, which no table shows. */
function samePlace({ entry }: Choice, twin: Placed): Problem {
  const found = `by a link of the image it is the same place as "${twin.entry.row.options}" ${twin.entry.row.path}, which is used`;
  return rowProblem(entry.row, "litefile-duplicate", found, "keep one of the two rows in litefile");
}

/** Rule 4 for a pair that only a link of the image makes one. */
function illegalPlace({ entry }: Choice, parent: Placed | undefined): Problem | undefined {
  for (let up = parent; up !== undefined; up = up.parent) {
    const illegal = illegalBelow(up.entry, entry, "by a link of the image it lies");
    if (illegal !== undefined) return illegal;
  }
  return undefined;
}

function nearest(path: string, placed: ReadonlyMap<string, Placed>): Placed | undefined {
  for (let up = parentPath(path); up !== "/"; up = parentPath(up)) {
    const parent = placed.get(up);
    if (parent !== undefined) return parent;
  }
  return undefined;
}

function depth(placed: Placed): number {
  return placed.parent === undefined ? 0 : depth(placed.parent) + 1;
}

function stagesOf(placed: readonly Placed[], index: PathIndex, input: PlanInput): Stage[] {
  const children = new Map<Placed, Placed[]>();
  for (const child of placed) {
    if (child.parent === undefined) continue;
    const siblings = children.get(child.parent);
    if (siblings === undefined) children.set(child.parent, [child]);
    else siblings.push(child);
  }
  const stages: Op[][] = [];
  for (const item of placed) {
    const kept = item.merge ? (input.containers?.get(item.entry.path) ?? []) : [];
    const named = [...(children.get(item) ?? []).map((child) => child.entry.path), ...kept];
    // By the names of the table, and by where the image's links lead: the content may lie at either.
    const exclude = new Set([
      ...namesBelow(item.entry.path, named),
      ...namesBelow(
        item.canonical,
        (children.get(item) ?? []).map((child) => child.canonical),
      ),
    ]);
    const level = depth(item);
    addOps(stages, level, contentOps(item, [...exclude].sort()));
    // Not beside them: it is remembered only once it is true.
    addOps(stages, level + 1, rememberOps(item, index, input));
  }
  return stages;
}

/** What paths are called below a directory, of those that lie there. */
function namesBelow(directory: string, paths: readonly string[]): string[] {
  return paths.filter((path) => isBelow(path, directory)).map((path) => path.slice(directory.length + 1));
}

function addOps(stages: Op[][], level: number, ops: readonly Op[]): void {
  if (ops.length === 0) return;
  while (stages.length <= level) stages.push([]);
  stages[level]?.push(...ops);
}

/** A directory that is kept, with entries below it, is once seen as a whole: from then on it is never seeded again. */
function rememberOps({ entry, winners }: Placed, index: PathIndex, input: PlanInput): Op[] {
  const tree = ownTree(entry, input);
  const [winner] = winners;
  if (tree === undefined || winner === undefined || !index.hasBelow(entry.path)) return [];
  const isWhole = winner.location.tree !== tree || whyUnfinished(winner, index, input.seen) === undefined;
  const at = wholeMark({ tree, path: entry.path });
  const isNew = isDirectory(winner) && isWhole && input.seen.at(at) === undefined;
  return isNew ? [{ kind: "remember", row: entry.row, at }] : [];
}

function expectationsOf(placed: Placed): Expectation[] {
  const { entry, winners, content } = placed;
  const about = { row: entry.row, path: entry.path };
  const [winner] = winners;
  // A symlink that was copied as it is leads on the node wherever it leads there.
  if (winner?.observed?.kind === "symlink" && !followsLink(placed)) return [];
  const expected: Expectation[] = [{ kind: "same", ...about, as: content }];
  const overlay = placed.upper !== undefined;
  if (placed.placement === "bind" || overlay) {
    expected.push({ kind: "mounted", ...about, readonly: entry.option === "ro", overlay });
  }
  const files = winners.map(({ location, observed }) => ({ location, file: observed && resolved(observed) }));
  const size = files.reduce((sum, { file }) => sum + (file?.size ?? 0), 0);
  const small = files.every(({ file }) => file?.kind === "file") && size <= SMALL_FILE;
  const copied = winner !== undefined && winner.location.tree !== content.tree;
  if (small && copied) {
    const of = files.map(({ location, file }) => ({
      ...{ location, ...(file?.version !== undefined && { version: file.version }) },
    }));
    expected.push({ kind: "content", ...about, of });
  }
  return expected;
}
