import type { Problem } from "../errors.ts";

/** What one row takes in one source, measured: the question, what was seen, the candidate, its place in the report. */
const LOOKUP_BYTES = 1536;

/**
 * Why a plan cannot be made, if so: every row is looked for in every source, and a table that was filled by mistake, or
 * by an enemy, makes more of that than there is memory for.
 *
 * @param rows of litefile
 * @param trees in which each is looked for: the sources, the image, and what the node keeps
 * @param memory bytes that can still be taken
 */
export function sizeProblem(rows: number, trees: number, memory: number): Problem | undefined {
  const bytes = rows * trees * LOOKUP_BYTES;
  if (bytes <= memory / 2) return undefined;
  const [needed, free] = [bytes, memory].map((number) => `${Math.ceil(number / 1e6)} MB`);
  return {
    class: "fatal",
    code: "plan-size",
    doing: "plan the node's files",
    on: "litefile and litetree",
    found: `${rows} litefile rows are to be looked for in ${trees} places, which takes some ${needed} of memory, and ${free} are free`,
    remedy: "name directories in litefile in place of the files in them, or take sources out of litetree",
  };
}
