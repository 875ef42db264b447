import { BootError, type Problem } from "./errors.ts";

/** Throws the problems that are bad enough, all at once; returns where none is. @throws BootError */
export function stopOn(problems: readonly Problem[], badEnough: (problem: Problem) => boolean): void {
  const [first, ...others] = problems.filter(badEnough);
  if (first !== undefined) throw new BootError([first, ...others]);
}
