import { BootError, type Problem } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";

/** What ended a boot. A failure that is none of ours keeps its stack for the log: it is a mistake in this program. */
export function problemsOf(error: unknown, log: Log): readonly Problem[] {
  if (error instanceof BootError) return error.problems;
  if (error instanceof Error) for (const line of (error.stack ?? error.message).split("\n")) log.say(line);
  return [
    {
      class: "fatal",
      code: "unforeseen",
      doing: "boot",
      on: "statelite-agent",
      found: errorReason(error),
      remedy: "this is a mistake in the agent: keep the console output and report it",
    },
  ];
}
