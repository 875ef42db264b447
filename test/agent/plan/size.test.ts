import { describe, expect, test } from "bun:test";
import { formatProblem } from "../../../agent/errors.ts";
import { sizeProblem } from "../../../agent/plan/size.ts";

const MIB = 2 ** 20;

describe("rows times sources have to fit into half of the memory that is free", () => {
  const rows: readonly (readonly [rows: number, trees: number, memory: number, fits: boolean])[] = [
    [0, 1, 0, true],
    [2000, 20, 300 * MIB, true],
    [100_000, 2, 1024 * MIB, true],
    [100_000, 2, 400 * MIB, false],
    [1000, 10_000, 300 * MIB, false],
    [100_000, 10_000, 64 * 1024 * MIB, false],
    [100_000, 10_000, Number.POSITIVE_INFINITY, true],
  ];
  test.each(rows)("%d rows in %d places with %d bytes: %p", (files, trees, memory, fits) => {
    expect(sizeProblem(files, trees, memory) === undefined).toBe(fits);
  });

  test("the message says how many, and what to do", () => {
    const problem = sizeProblem(1000, 10_000, 300 * MIB);
    expect([problem?.class, problem?.code]).toEqual(["fatal", "plan-size"]);
    expect(problem && formatProblem(problem)).toBe(
      "plan the node's files: litefile and litetree: 1000 litefile rows are to be looked for in 10000 places, which takes some 15360 MB of memory, and 315 MB are free; name directories in litefile in place of the files in them, or take sources out of litetree",
    );
  });
});
