import type { Problem } from "../errors.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import { type Choice, type Choosing, choose, type Refused } from "./choose.ts";
import { readEntries } from "./entry.ts";
import { type Expectation, expectationsOf } from "./expectation.ts";
import { placeAll } from "./locate.ts";
import { illegalPairs, PathIndex } from "./nesting.ts";
import type { Op } from "./op.ts";
import type { Placed, Placing } from "./place.ts";
import { questions, type Trees } from "./questions.ts";
import { type Stage, stagesOf } from "./stages.ts";
import { bindOps } from "./steps.ts";

/** Everything that decides a plan, as data. */
export interface PlanInput extends Placing, Choosing {
  readonly rows: readonly LitefileRow[];
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
