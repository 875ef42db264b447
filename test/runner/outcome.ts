/** What one test file came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

/** How a test process ended, and what it left behind. */
export interface Ending {
  /** `null` where it was killed. */
  readonly exitCode: number | null;
  /** bun's JUnit report; absent where it wrote none. */
  readonly junit: string | undefined;
}

/**
 * Counts tests by bun's JUnit report, never by exit status alone: a file that ends its process early, crashes, or
 * holds no test is a failure, and so is a test that is skipped.
 */
export function countOutcome({ exitCode, junit }: Ending): Outcome {
  const totals = junit === undefined ? undefined : readTotals(junit);
  if (totals === undefined || totals.tests === 0) return { passed: 0, failed: 1 };
  const failed = totals.failures + totals.skipped;
  const passed = totals.tests - failed;
  // Something went wrong outside of any test.
  if (exitCode !== 0 && failed === 0) return { passed, failed: 1 };
  return { passed, failed };
}

/** All of them together. */
export function addOutcomes(outcomes: Iterable<Outcome>): Outcome {
  let passed = 0;
  let failed = 0;
  for (const outcome of outcomes) {
    passed += outcome.passed;
    failed += outcome.failed;
  }
  return { passed, failed };
}

/** The last line of a run: what a program reads. */
export function formatOutcome({ passed, failed }: Outcome): string {
  return `${passed} passed, ${failed} failed`;
}

function readTotals(junit: string): { tests: number; failures: number; skipped: number } | undefined {
  const root = /<testsuites\b[^>]*>/.exec(junit)?.[0];
  const attribute = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root ?? "")?.[1]);
  const totals = {
    tests: attribute("tests"),
    failures: attribute("failures"),
    skipped: attribute("skipped"),
  };
  return Object.values(totals).every(Number.isInteger) ? totals : undefined;
}
