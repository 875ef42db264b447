import type { ProblemCode } from "./catalogue/catalogue.ts";

/**
 * What can go wrong, as values. A problem is said the same way on the console, in the log and in the
 * report: what was being done, on what, what was found, what to do about it (semantics section 9).
 */

/**
 * How far a problem reaches.
 * - `fatal`: the boot cannot go on; the failure policy runs.
 * - `row`: one litefile entry; fatal or skipped as its option and `statelite.strict` say.
 * - `source`: one litetree source; becomes a row problem of the entries that needed it.
 * - `note`: worth a line in the log, nothing is lost.
 */
export type ProblemClass = "fatal" | "row" | "source" | "note";

/** One thing that is wrong. All strings are for people, without a trailing full stop. */
export interface Problem {
  readonly class: ProblemClass;
  /** Stable word for programs and for ADMINISTRATORS.md, e.g. `image-mount`. */
  readonly code: ProblemCode;
  /** What was being done: `mount the image`. */
  readonly doing: string;
  /** On what: `10.0.0.1:/install/netboot/compute/rootimg`. */
  readonly on: string;
  /** What was found, and what was wanted where that is not plain: `access denied by server (EACCES)`. */
  readonly found: string;
  /** What to do about it: `export /install to 10.0.0.17 in /etc/exports and run exportfs -ra`. */
  readonly remedy: string;
  /** The litefile row it is about, of a `row` problem. */
  readonly row?: { readonly options: string; readonly path: string };
}

/** Thrown where going on makes no sense; carries every problem found so far, never none. */
export class BootError extends Error {
  override readonly name = "BootError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.problems = problems;
  }
}

/** A fatal problem, ready to throw: `throw fatal("image-mount", { doing, on, found, remedy })`. */
export function fatal(code: ProblemCode, parts: Omit<Problem, "class" | "code">, cause?: unknown): BootError {
  return new BootError([{ class: "fatal", code, ...parts }], { cause });
}

/** The four parts on one line, harmless to print: see {@link printable}. */
export function formatProblem(p: Pick<Problem, "doing" | "on" | "found" | "remedy">): string {
  return printable(`${p.doing}: ${p.on}: ${p.found}; ${p.remedy}`);
}

/**
 * Text from outside (server bytes, file names, kernel messages) made harmless for a terminal: control
 * characters, DEL, C1 controls and bidirectional overrides appear as `\xNN` or `\u{NNNN}`.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    const code = c.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}
