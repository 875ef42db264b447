import { BootError, formatProblem } from "../errors.ts";

/** Runs a command for a person: what ends it is said on standard error, and its exit status is 1. */
export async function withProblems(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    for (const problem of error.problems) console.error(formatProblem(problem));
    return 1;
  }
}
