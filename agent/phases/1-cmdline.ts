import { parseCommandLine } from "../cmdline/parse.ts";
import type { Phase } from "../context.ts";
import { BootError } from "../errors.ts";
import type { Parsed, Start } from "../state.ts";

/** The kernel's command line to options; everything that is wrong with it at once. */
export const readCommandLine: Phase<Start, Parsed> = {
  name: "cmdline",
  run({ commandLine }, { log }) {
    log.detail(`command line: ${commandLine.trim()}`);
    const parsed = parseCommandLine(commandLine);
    for (const note of parsed.notes) log.problem(note);
    if (!parsed.ok) return Promise.reject(new BootError(parsed.problems));
    log.setVerbose(parsed.options.debug > 0);
    return Promise.resolve({ options: parsed.options });
  },
};
