import type { BootOptions } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";

/**
 * Which problems end the boot (semantics section 9): all fatal ones; of the row problems by default those
 * where going on would lose data or run with the wrong file, with `statelite.strict` all or none.
 */
export function endsBoot(problem: Problem, strict: BootOptions["settings"]["strict"]): boolean {
  if (problem.class === "fatal") return true;
  if (problem.class !== "row" || strict === "none") return false;
  if (strict === "all") return true;
  const words = problem.row?.options.split(",") ?? [];
  return ["persistent", "ro", "localdisk"].some((word) => words.includes(word));
}
