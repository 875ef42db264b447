import { expect, test } from "bun:test";
import type { Problem } from "../../../agent/errors.ts";
import { failureMessage } from "../../../agent/failure/message.ts";

const problem = (n: number): Problem => ({
  class: "row",
  code: n % 4 === 0 ? "unresolved" : "target-missing",
  ...{ doing: "litefile", on: `/${n}`, found: "nothing", remedy: "run liteimg" },
});

test("of very many problems the first are shown, the others counted, and the policy is the last line", () => {
  const lines = failureMessage(
    Array.from({ length: 1020 }, (_, n) => problem(n)),
    "statelite.onfail=halt in 1 s",
  );
  expect(lines.filter((line) => line.startsWith("  doing "))).toHaveLength(20);
  expect(lines.slice(-5)).toEqual([
    "",
    "  and 1000 more problems: 250 unresolved, 750 target-missing; the log and the report have them all",
    "",
    "statelite: policy statelite.onfail=halt in 1 s",
    "",
  ]);
});

test("of a few all are shown, and nothing else", () => {
  const lines = failureMessage(
    Array.from({ length: 20 }, (_, n) => problem(n)),
    "",
  );
  expect(lines.filter((line) => line.startsWith("  doing "))).toHaveLength(20);
  expect(lines.join("\n")).not.toContain("more problems");
});
