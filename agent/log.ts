import { formatProblem, type Problem, type ProblemClass, printable } from "./errors.ts";
import { withoutSecrets } from "./secrets.ts";

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

/** One line of the account, as data: it goes to the log file and to a log server once there are any. */
export interface LogLine {
  /** Milliseconds since kernel start. */
  readonly at: number;
  readonly text: string;
  /** How it was said; of a problem its class. */
  readonly kind: "say" | "detail" | ProblemClass;
  /** Of a problem. */
  readonly code?: string;
}

/** Gets each line as it is written. */
export type LogFollower = (line: LogLine) => void;

/** Seconds with three decimals, right-aligned as the kernel's own lines are: `[    3.142]`. */
export function formatLogLine(line: Pick<LogLine, "at" | "text">): string {
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

/** Problems of one code that the console is told of: of a table's ten thousand rows all may be wrong. */
const MOST_SAID = 50;

/** Keeps every line, prints what concerns the console, and hands the lines to who follows them. */
export class BootLog implements Log {
  readonly lines: LogLine[] = [];
  readonly #sinks: LogSinks;
  #verbose: boolean;
  readonly #followers = new Set<LogFollower>();
  /** Problems by their code. */
  readonly #said = new Map<string, number>();

  constructor(sinks: LogSinks) {
    this.#sinks = sinks;
    this.#verbose = sinks.verbose;
  }

  /** The command line is read after the first lines are written: it may ask for more. */
  setVerbose(verbose: boolean): void {
    this.#verbose = verbose;
  }

  /** Gets each further line, and the ones so far at once. One that fails is told no more. */
  follow(follower: LogFollower): void {
    this.#followers.add(follower);
    for (const line of [...this.lines]) this.#tell(follower, line);
  }

  say(text: string): void {
    this.#add({ text, kind: "say" }, true);
  }

  detail(text: string): void {
    this.#add({ text, kind: "detail" }, this.#verbose);
  }

  problem(problem: Problem): void {
    const said = (this.#said.get(problem.code) ?? 0) + 1;
    this.#said.set(problem.code, said);
    this.#add(problemLine(problem), said <= MOST_SAID);
    if (said === MOST_SAID + 1)
      this.say(`there are more problems like these (${problem.code}): the log and the report have them all`);
  }

  /** As {@link problem}, for one that the console is told of in another form. */
  record(problem: Problem): void {
    this.#add(problemLine(problem), false);
  }

  #add(said: Omit<LogLine, "at">, toConsole: boolean): void {
    const line = { ...said, at: this.#sinks.now(), text: printable(withoutSecrets(said.text)) };
    this.lines.push(line);
    if (toConsole) this.#sinks.console(formatLogLine(line));
    for (const follower of this.#followers) this.#tell(follower, line);
  }

  /** A log that cannot be written, on a full tmpfs for one, is no reason to fail a boot. */
  #tell(follower: LogFollower, line: LogLine): void {
    if (!this.#followers.has(follower)) return;
    try {
      follower(line);
    } catch (error) {
      this.#followers.delete(follower);
      this.say(`a log gets no more lines: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function problemLine(problem: Problem): Omit<LogLine, "at"> {
  const { class: kind, code } = problem;
  return { kind, code, text: `${kind} problem (${code}): ${formatProblem(problem)}` };
}
