import { formatProblem, type Problem, printable } from "./errors.ts";

/**
 * Where the account of a boot goes. Every line also carries its time since kernel start.
 * `say` and `problem` reach the console, `detail` does so only with `xcatdebugmode` 1 or 2.
 */
export interface Log {
  /** A line that an administrator watching the console wants to see. */
  say(text: string): void;
  /** A line for `statelite.log`: what was done, and why. */
  detail(text: string): void;
  problem(problem: Problem): void;
}

/** One line of the account, as data, so that the log file can be written once its tmpfs is there. */
export interface LogLine {
  /** Milliseconds since kernel start. */
  readonly at: number;
  readonly text: string;
}

/** Seconds with three decimals, right-aligned as the kernel's own lines are: `[    3.142]`. */
export function formatLogLine(line: LogLine): string {
  return `[${(line.at / 1000).toFixed(3).padStart(9)}] ${line.text}`;
}

/** Sinks of a {@link BootLog}; each gets whole lines without the newline. */
export interface LogSinks {
  console(line: string): void;
  /** Milliseconds since kernel start. */
  now(): number;
  /** Details go to the console too. */
  readonly verbose: boolean;
}

/** Keeps every line, prints what concerns the console, and later hands the lines to `statelite.log`. */
export class BootLog implements Log {
  readonly lines: LogLine[] = [];
  readonly #sinks: LogSinks;
  #verbose: boolean;
  #follow: ((line: LogLine) => void) | undefined;

  constructor(sinks: LogSinks) {
    this.#sinks = sinks;
    this.#verbose = sinks.verbose;
  }

  /** The command line is read after the first lines are written: it may ask for more. */
  setVerbose(verbose: boolean): void {
    this.#verbose = verbose;
  }

  /** Gets each further line, and the ones so far at once: the log file's writer. */
  follow(write: (line: LogLine) => void): void {
    for (const line of this.lines) write(line);
    this.#follow = write;
  }

  say(text: string): void {
    this.#add(text, true);
  }

  detail(text: string): void {
    this.#add(text, this.#verbose);
  }

  problem(problem: Problem): void {
    this.#add(`${problem.class} problem (${problem.code}): ${formatProblem(problem)}`, true);
  }

  #add(text: string, toConsole: boolean): void {
    const line = { at: this.#sinks.now(), text: printable(text) };
    this.lines.push(line);
    if (toConsole) this.#sinks.console(formatLogLine(line));
    this.#follow?.(line);
  }
}
