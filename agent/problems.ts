import { BootError, type Problem } from "./errors.ts";
import { errorReason } from "./kernel/errno.ts";
import { withoutSecrets } from "./secrets.ts";

/** Throws the problems that are bad enough, all at once; returns where none is. @throws BootError */
export function stopOn(problems: readonly Problem[], badEnough: (problem: Problem) => boolean): void {
  const [first, ...others] = problems.filter(badEnough);
  if (first !== undefined) throw new BootError([first, ...others]);
}

/** The problem as it may be told to anybody. */
export function tellable<P extends Pick<Problem, "doing" | "on" | "found" | "remedy">>(problem: P): P {
  const { doing, on, found, remedy } = problem;
  return {
    ...problem,
    doing: withoutSecrets(doing),
    on: withoutSecrets(on),
    found: withoutSecrets(found),
    remedy: withoutSecrets(remedy),
  };
}

/** What was found, of an error that another message tells as its cause; with the remedy, where it has one. */
export function causeOf(error: unknown): { readonly found: string; readonly remedy?: string } {
  const [problem] = error instanceof BootError ? error.problems : [];
  return problem ?? { found: errorReason(error) };
}
