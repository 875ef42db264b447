import { BootError, formatProblem } from "../errors.ts";

/** Exit statuses, as grep(1) and diff(1) have them: 1 is an answer that scripts ask for. */
export const EXIT = { well: 0, problem: 1, usage: 2 } as const;

/**
 * Runs a command for a person: what ends it is said on standard error.
 *
 * @param trouble exit status of such an end
 */
export async function withProblems(
  run: () => Promise<number>,
  trouble: number = EXIT.problem,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    for (const problem of error.problems) console.error(formatProblem(problem));
    return trouble;
  }
}
