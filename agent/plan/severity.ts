import type { BootOptions } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";

/**
 * What a row says of itself: whether a node may boot without it. A word beside the others, in litefile's options and
 * in litetree's mntopts: both columns reach the node as they were written.
 */
export type Need = "required" | "optional";

const NEEDS: ReadonlySet<string> = new Set<Need>(["required", "optional"]);

export interface Needed {
  readonly need?: Need;
  /** All other words. */
  readonly words: readonly string[];
}

/** Takes the word out of a list; undefined where it has both. */
export function takeNeed(words: readonly string[]): Needed | undefined {
  const needs = new Set(words.filter((word) => NEEDS.has(word)));
  if (needs.size > 1) return undefined;
  const [need] = needs as ReadonlySet<Need>;
  const others = words.filter((word) => !NEEDS.has(word));
  return { words: others, ...(need !== undefined && { need }) };
}

/** What a row of litefile says of itself; undefined where it says nothing, or both. */
export function needOf(row: { readonly options: string }): Need | undefined {
  return takeNeed(optionWords(row.options))?.need;
}

/** The words of a litefile options column. */
export function optionWords(options: string): string[] {
  return options.split(",").map((word) => word.trim());
}

/**
 * Which problems end the boot (semantics section 9): all fatal ones; of the row problems with `statelite.strict` all or
 * none, by default those of rows that say `required`, and of those that do not say `optional` the ones where going
 * on would lose data or run with the wrong file.
 */
export function endsBoot(problem: Problem, strict: BootOptions["settings"]["strict"]): boolean {
  if (problem.class === "fatal") return true;
  if (problem.class !== "row" || strict === "none") return false;
  if (strict === "all") return true;
  if (problem.row === undefined) return false;
  const need = needOf(problem.row);
  if (need !== undefined) return need === "required";
  const words = optionWords(problem.row.options);
  return ["persistent", "ro", "localdisk"].some((word) => words.includes(word));
}
