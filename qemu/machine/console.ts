import { appendFileSync, writeFileSync } from "node:fs";
import { printable } from "../../agent/errors.ts";
import { BenchError } from "../problem.ts";

/** One line that came over the serial line. */
export interface ConsoleLine {
  /** Milliseconds since the machine was switched on. */
  readonly at: number;
  readonly text: string;
}

const SHOWN_ON_FAILURE = 40;
/** A guest that floods its console must not take this process's memory with it. */
const KEPT_LINES = 20_000;
const LONGEST_LINE = 4096;

interface Waiter {
  check(): void;
  end(why: string): void;
}

/** The serial console of one machine, line by line, kept in a file too. Lines can be waited for, and typed to the guest. */
export class Console {
  /** The lines of the transcript that are kept in memory: all, unless the guest floods it. */
  readonly lines: ConsoleLine[] = [];
  readonly #name: string;
  readonly #file: string;
  readonly #type: (text: string) => void;
  readonly #started = performance.now();
  readonly #decoder = new TextDecoder();
  readonly #waiters = new Set<Waiter>();
  /** How many lines were dropped before the first of {@link lines}. */
  #dropped = 0;
  #partial = "";
  #ended: string | undefined;

  /** @param type sends text to the guest's serial line */
  constructor(name: string, file: string, type: (text: string) => void) {
    this.#name = name;
    this.#file = file;
    this.#type = type;
    writeFileSync(file, "");
  }

  /** Takes what came over the line, in pieces of any size. */
  feed(bytes: Uint8Array): void {
    this.#partial += this.#decoder.decode(bytes, { stream: true });
    const pieces = this.#partial.split(/\r*\n|\r(?!\r*$)/);
    this.#partial = (pieces.pop() ?? "").slice(0, LONGEST_LINE);
    for (const piece of pieces) this.note(piece);
    this.#tell();
  }

  /** Adds a line of the bench's own, e.g. that the power was cut. */
  note(text: string): void {
    const line = { at: performance.now() - this.#started, text: text.slice(0, LONGEST_LINE) };
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.#dropped += this.lines.splice(0, KEPT_LINES / 2).length;
    appendFileSync(this.#file, `${formatConsoleLine(line)}\n`);
  }

  /** Nothing more will come; whoever waits is told why. */
  end(why: string): void {
    if (this.#partial !== "") this.note(this.#partial);
    this.#partial = "";
    this.note(`-- ${why}`);
    this.#tell();
    this.#ended = why;
    for (const waiter of [...this.#waiters]) waiter.end(why);
  }

  /** Types text to the guest, e.g. `exit\n` to a shell on its console. */
  type(text: string): void {
    this.note(`-- typed: ${JSON.stringify(text)}`);
    this.#type(text);
  }

  /**
   * Waits for a line, also one that has come already.
   *
   * @param seconds from now
   * @returns the match, whose `input` is the whole line
   * @throws {@link BenchError} with the last lines when the time is over or the machine has ended
   */
  async waitFor(pattern: RegExp, seconds: number): Promise<RegExpExecArray> {
    return await this.#waitFor(pattern, seconds, false);
  }

  /** Waits for text that no newline ends, as a shell's prompt; otherwise like {@link waitFor}. */
  async waitForPrompt(pattern: RegExp, seconds: number): Promise<RegExpExecArray> {
    return await this.#waitFor(pattern, seconds, true);
  }

  async #waitFor(pattern: RegExp, seconds: number, prompt: boolean): Promise<RegExpExecArray> {
    let next = 0;
    const look = (): RegExpExecArray | undefined => {
      next = Math.max(next, this.#dropped);
      for (; next < this.#dropped + this.lines.length; next++) {
        const match = matchIn(pattern, this.lines[next - this.#dropped]?.text ?? "");
        if (match !== undefined) return match;
      }
      return prompt ? matchIn(pattern, this.#partial) : undefined;
    };
    const already = look();
    if (already !== undefined) return already;
    if (this.#ended !== undefined) throw this.#absent(pattern, this.#ended);
    return await new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        check: () => {
          const match = look();
          if (match === undefined) return;
          finish();
          resolve(match);
        },
        end: (why) => {
          finish();
          reject(this.#absent(pattern, why));
        },
      };
      const timer = setTimeout(() => waiter.end(`not after ${seconds} s`), seconds * 1000);
      this.#waiters.add(waiter);
    });
  }

  /** Whether such a line has come so far. */
  has(pattern: RegExp): boolean {
    return this.lines.some((line) => matchIn(pattern, line.text) !== undefined);
  }

  /** The last lines, ready to print. */
  tail(count = SHOWN_ON_FAILURE): string {
    const last = this.lines.slice(-count).map(formatConsoleLine);
    return [...last, ...(this.#partial === "" ? [] : [`           ${printable(this.#partial)}`])].join("\n");
  }

  #tell(): void {
    for (const waiter of [...this.#waiters]) waiter.check();
  }

  #absent(pattern: RegExp, why: string): Error {
    const error = new BenchError({
      doing: `wait for ${pattern} on the console`,
      on: this.#name,
      found: why,
      remedy: `read ${this.#file}; its last lines follow`,
    });
    error.message += `\n${this.tail()}`;
    return error;
  }
}

/** `   3.142 text`: seconds since power-on. Control characters of the guest are made harmless. */
export function formatConsoleLine(line: ConsoleLine): string {
  return `${(line.at / 1000).toFixed(3).padStart(10)} ${printable(line.text)}`;
}

/** Like `exec` of a pattern without memory: a `g` or `y` flag of the caller's must not skip lines. */
function matchIn(pattern: RegExp, text: string): RegExpExecArray | undefined {
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, "")).exec(text) ?? undefined;
}
