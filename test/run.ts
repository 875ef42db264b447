import { availableParallelism } from "node:os";
import { project } from "../qemu/paths.ts";
import { postgresPrograms } from "../qemu/postgres/programs.ts";
import { prepare } from "../qemu/prepare.ts";
import { messageOf } from "../qemu/problem.ts";
import { becomeRoot } from "../qemu/root.ts";
import { forgetRecords } from "./faults/record.ts";
import { writeFaultTable } from "./faults/table.ts";
import { addOutcomes, formatOutcome, type Outcome } from "./runner/outcome.ts";
import { runFiles, type TestFile } from "./runner/run-file.ts";

/** `npm test [-- WORD…]`: every test, or those whose path contains one of the words. */

const words = process.argv.slice(2);

/** Tests that boot machines take minutes; the others a moment. */
function findTests(): { machines: TestFile[]; others: TestFile[] } {
  const paths = [...new Bun.Glob("test/**/*.test.ts").scanSync({ cwd: project })]
    .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
    .sort();
  const machines = paths.filter((path) => path.startsWith("test/vm/"));
  const others = paths.filter((path) => !path.startsWith("test/vm/"));
  return {
    machines: machines.map((path) => ({ path, testSeconds: 400, fileSeconds: 1500 })),
    others: others.map((path) => ({ path, testSeconds: 60, fileSeconds: 300 })),
  };
}

/** Everything that tests boot, built before the first of them: a failure is one, not one of each test. */
async function build(): Promise<Outcome> {
  try {
    // Once, before several tests want it at the same time; where it fails, those tests say so, and no others.
    const database = postgresPrograms().catch((error: unknown) => console.error(messageOf(error)));
    await Promise.all([prepare(), database]);
    return { passed: 0, failed: 0 };
  } catch (error) {
    console.error(`FAIL the build: ${messageOf(error)}`);
    return { passed: 0, failed: 1 };
  }
}

await becomeRoot().catch((error: unknown) => {
  console.error(`tests: ${messageOf(error)}`);
  console.log(formatOutcome({ passed: 0, failed: 1 }));
  process.exit(1);
});
const whole = words.length === 0;
if (whole) forgetRecords();
const cores = availableParallelism();
const { machines, others } = findTests();
const outcomes: Outcome[] = [];
const built = machines.length > 0 || whole ? await build() : { passed: 0, failed: 0 };
outcomes.push(built, ...(await runFiles(others, cores)));
// A machine takes one core at most, and most of a fault's time is waiting.
if (built.failed === 0) outcomes.push(...(await runFiles(machines, Math.max(2, cores))));
else if (machines.length > 0)
  console.error(`not run, as nothing can be booted: ${machines.length} files in test/vm`);
const total = addOutcomes(outcomes);
if (total.passed + total.failed === 0) {
  console.error(whole ? "no tests found" : `no test's path contains ${words.join(" or ")}`);
  console.log(formatOutcome({ passed: 0, failed: 1 }));
  process.exit(1);
}
if (whole && total.failed === 0) writeFaultTable();
console.log(formatOutcome(total));
process.exit(total.failed === 0 ? 0 : 1);
