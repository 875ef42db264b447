import { constants, openSync, writeSync } from "node:fs";
import { errorCode } from "../kernel/errno.ts";

/** Standard output, opened once more: how it waits is a matter of this descriptor, and not of a shell's. */
const STANDARD_OUTPUT = "/proc/self/fd/1";

const AGAIN_MS = 20;

/** What a console that takes nothing is given once it does; what is said beyond that is lost to it, and to nobody else. */
const MOST_BYTES = 256 << 10;

/** A console that has taken nothing for so long is not waited for, and one that is slow no longer than that. */
const [STOPPED_MS, SLOW_MS] = [1000, 10_000];

/**
 * The console of a boot, written to without waiting: a terminal that somebody has stopped (Ctrl-S), or a serial line
 * whose other end takes nothing, holds up neither the boot nor its deadline nor the failure policy.
 */
export class Console {
  readonly #fd: number;
  #waiting = Buffer.alloc(0);
  #lost = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(path = STANDARD_OUTPUT) {
    this.#fd = openQuickly(path);
  }

  /** The line is on the console once that takes it, behind those before it. */
  write(line: string): void {
    if (this.#waiting.length > MOST_BYTES) {
      this.#lost++;
      return;
    }
    this.#add(line);
    this.#give();
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

  #add(line: string): void {
    this.#waiting = Buffer.concat([this.#waiting, Buffer.from(`${line}\n`)]);
  }

  /** @returns whether it took something */
  #give(): boolean {
    const before = this.#waiting.length;
    try {
      while (this.#waiting.length > 0) {
        this.#waiting = this.#waiting.subarray(writeSync(this.#fd, this.#waiting));
        if (this.#lost > 0) this.#tellLost();
      }
    } catch (error) {
      // One that is gone has nobody before it: the log, the kernel's log and the report have it all.
      if (errorCode(error) !== "EAGAIN") this.#waiting = Buffer.alloc(0);
    }
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    return this.#waiting.length < before;
  }

  #tellLost(): void {
    this.#add(
      `statelite: ${this.#lost} lines are missing here, as this console took nothing; the log has them`,
    );
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
