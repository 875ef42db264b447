import { formatProblem, type Problem } from "../agent/errors.ts";

/** What the bench could not do, in the four parts that every message of this project has. */
export class BenchError extends Error {
  override readonly name = "BenchError";

  constructor(parts: Pick<Problem, "doing" | "on" | "found" | "remedy">, options?: ErrorOptions) {
    super(formatProblem(parts), options);
  }
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
