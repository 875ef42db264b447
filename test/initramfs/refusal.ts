import { BootError, type Problem } from "../../agent/errors.ts";

/** The one problem with which something was refused; an error where it was not. */
export async function refusal(attempt: () => unknown): Promise<Problem> {
  try {
    await attempt();
  } catch (error) {
    const problem = error instanceof BootError ? error.problems[0] : undefined;
    if (problem === undefined) throw error;
    return problem;
  }
  throw new Error("it was not refused");
}
