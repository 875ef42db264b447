import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Case, cases, printCase } from "./cases.ts";
import { givenBy } from "./given.ts";
import { see } from "./memory.ts";
import { judge } from "./oracle.ts";
import { simulate } from "./simulate.ts";

/** The agent's decisions against an oracle that was written from semantics section 5 alone, on random tables and trees. */

const CASES = 3000;
const seed = Number(process.env["STATELITE_SEED"] ?? Date.now() % 2 ** 31);

/** Everything that is compared, one line each: problems, winners, and what a process sees at and below each entry. */
function accordingToOracle(some: Case): string[] {
  const { problems, winners, root } = judge(givenBy(some));
  return [
    ...problems,
    ...[...winners].sort().flatMap(([path, from]) => [`${path} from ${from}`, ...see(root, path)]),
  ];
}

function accordingToAgent(some: Case): string[] {
  const { plan, problems, root, mounts } = simulate(givenBy(some));
  const winners = plan.placed.map((placed): [string, string] => {
    return [placed.entry.path, placed.winners.map((winner) => winner.name.replace(/ \(.*/, "")).join(" + ")];
  });
  return [
    ...[...problems].sort(),
    ...winners.sort().flatMap(([path, from]) => [`${path} from ${from}`, ...see(root, path, mounts)]),
  ];
}

test(`the agent and the oracle agree on ${CASES} random boots (STATELITE_SEED=${seed})`, () => {
  console.log(`STATELITE_SEED=${seed}`);
  const property = fc.property(cases, (some) => {
    expect(accordingToAgent(some)).toEqual(accordingToOracle(some));
  });
  const result = fc.check(property, { seed, numRuns: CASES });
  const [shrunk] = result.counterexample ?? [];
  if (shrunk !== undefined) {
    throw new Error(
      `seed ${seed}, after ${result.numRuns} cases and ${result.numShrinks} steps:\n${printCase(shrunk)}\n${result.errorInstance}`,
    );
  }
});
