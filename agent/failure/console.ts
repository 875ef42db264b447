import { constants, openSync, writeSync } from "node:fs";
import { errorCode } from "../kernel/errno.ts";

/** Standard output, opened once more: how it waits is a matter of this descriptor, and not of a shell's. */
const STANDARD_OUTPUT = "/proc/self/fd/1";

const AGAIN_MS = 20;

/** What a console that takes nothing is given once it does: the last of it, as that says how things stand. */
const MOST_BYTES = 256 << 10;

/** A console that has taken nothing for so long is not waited for, and one that is slow no longer than that. */
const [STOPPED_MS, SLOW_MS] = [1000, 10_000];

/**
 * The console of a boot, written to without waiting: a terminal that somebody has stopped (Ctrl-S), or a serial line
 * whose other end takes nothing, holds up neither the boot nor its deadline nor the failure policy.
 */
export class Console {
  readonly #fd: number;
  /** Lines it has not taken yet; of the first it may have a part. */
  #waiting: Buffer[] = [];
  #bytes = 0;
  #lost = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(path = STANDARD_OUTPUT) {
    this.#fd = openQuickly(path);
  }

  /** The line is on the console once that takes it, behind those before it. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#give();
    while (this.#bytes > MOST_BYTES && this.#waiting.length > 2) {
      const [lost] = this.#waiting.splice(1, 1);
      this.#bytes -= lost?.length ?? 0;
      this.#lost++;
    }
    if (this.#waiting.length > 0 && this.#timer === undefined) {
      this.#timer = setInterval(() => this.#give(), AGAIN_MS);
      this.#timer.unref();
    }
  }

  /** Waits until everything is said, before the console becomes somebody else's: for one that moves, and not for ever. */
  drain(): void {
    const began = performance.now();
    let moved = began;
    for (let now = began; now - moved < STOPPED_MS && now - began < SLOW_MS; now = performance.now()) {
      if (this.#give()) moved = performance.now();
      if (this.#waiting.length === 0) return;
      Bun.sleepSync(AGAIN_MS);
    }
  }

  /** @returns whether it took something */
  #give(): boolean {
    const before = this.#bytes;
    try {
      for (let [line] = this.#waiting; line !== undefined; [line] = this.#waiting) {
        const taken = writeSync(this.#fd, line);
        this.#bytes -= taken;
        if (taken < line.length) this.#waiting[0] = line.subarray(taken);
        else this.#next();
      }
    } catch (error) {
      // One that is gone has nobody before it: the log, the kernel's log and the report have it all.
      if (errorCode(error) !== "EAGAIN") [this.#waiting, this.#bytes] = [[], 0];
    }
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    return this.#bytes < before;
  }

  /** The first line is said; those that are lost came behind it. */
  #next(): void {
    this.#waiting.shift();
    if (this.#lost === 0) return;
    const text = `statelite: ${this.#lost} lines are missing here, as this console took nothing; the log has them\n`;
    this.#waiting.unshift(Buffer.from(text));
    this.#bytes += text.length;
    this.#lost = 0;
  }
}

function openQuickly(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 1; // A socket, or a terminal that is gone: it is written to as it is.
  }
}
