import type { Phase } from "../context.ts";
import { verify } from "../observe/verify.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import type { Applied } from "../state.ts";

const VERIFY_WIDTH = 64;

/** Whether the root is what the plan promised, seen as a process on the node will see it. */
export const verifyRoot: Phase<Applied, Applied> = {
  name: "verify",
  async run(applied, { log, report, threads }) {
    const expected = applied.plan.expectations.filter(({ row }) => !applied.failedRows.has(row));
    const taken = await applied.claimed?.check();
    const problems = [
      ...(await verify(applied.root, expected, threads.calls, VERIFY_WIDTH)),
      ...(taken === undefined ? [] : [taken]),
    ];
    for (const problem of problems) log.problem(problem);
    report.problem(...problems);
    log.detail(`verified ${expected.length} expectations, ${problems.length} problems`);
    stopOn(problems, (problem) => endsBoot(problem, applied.options.settings.strict));
    return applied;
  },
};
