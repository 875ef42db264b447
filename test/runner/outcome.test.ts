import { expect, test } from "bun:test";
import { addOutcomes, countOutcome, formatOutcome } from "./outcome.ts";

const report = (tests: number, failures: number, skipped: number) =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" tests="${tests}" assertions="9" failures="${failures}" skipped="${skipped}" time="1">`;

test.each([
  ["all pass", 0, report(3, 0, 0), { passed: 3, failed: 0 }],
  ["one fails", 1, report(3, 1, 0), { passed: 2, failed: 1 }],
  ["a skipped test is no pass", 0, report(3, 0, 1), { passed: 2, failed: 1 }],
  ["no report: it ended itself early, with status 0", 0, undefined, { passed: 0, failed: 1 }],
  ["no report: it was killed", null, undefined, { passed: 0, failed: 1 }],
  ["a file without a test", 0, report(0, 0, 0), { passed: 0, failed: 1 }],
  ["an error outside of any test", 1, report(3, 0, 0), { passed: 3, failed: 1 }],
  ["a report that is cut short", 0, "<testsuites name=", { passed: 0, failed: 1 }],
])("%s", (_, exitCode, junit, expected) => {
  expect(countOutcome({ exitCode, junit })).toEqual(expected);
});

test("the line that a program reads", () => {
  const sum = addOutcomes([
    { passed: 2, failed: 0 },
    { passed: 3, failed: 1 },
  ]);
  expect(formatOutcome(sum)).toBe("5 passed, 1 failed");
});
