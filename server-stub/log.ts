import { printable } from "../agent/errors.ts";

/** Where the management node's programs write what they do; text from outside may be part of it. */
export interface ServerLog {
  line(text: string): void;
}

/** One line to standard error with the time of day in UTC, harmless to print. */
export const stderrLog: ServerLog = {
  line(text) {
    process.stderr.write(`${new Date().toISOString()} ${printable(text)}\n`);
  },
};
