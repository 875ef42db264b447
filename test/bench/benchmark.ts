/** A benchmark: two things measured in one run, so that the machine's mood is the same for both. */
export interface Benchmark {
  /** The file's name without `.bench.ts`. */
  readonly name: string;
  /** What is compared, and how, in a sentence or two. */
  readonly about: string;
  run(): Promise<Result>;
}

/** What was measured. */
export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What was wanted of it. A goal that is missed is said, and fails nothing: a timing is no test. */
  readonly goals: readonly Goal[];
}

export interface Goal {
  /** E.g. `at least 5 times as fast as cp -a`. */
  readonly wanted: string;
  readonly found: string;
  readonly held: boolean;
}

/** The middle one; of an even number the lower. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
}

/** Milliseconds for people: `0.31 ms`, `12.4 ms`, `1.20 s`. */
export function formatMs(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}
