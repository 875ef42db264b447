import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** An input that takes longer hangs: nothing in this process would ever say so, let alone which it was. */
const HANG_MILLISECONDS = 30_000;
const INPUT_BYTES = 256 << 10;

/** What the thread that is watched and the one that watches share. */
export interface Watched {
  /** 0: how often something began or ended, odd while something is under way. 1: bytes of the input. */
  readonly state: Int32Array;
  readonly input: Uint8Array;
  readonly milliseconds: number;
}

/** A thread that ends the process, with the input, where one is under way for too long. */
export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #input = new Uint8Array(new SharedArrayBuffer(INPUT_BYTES));
  readonly #encoder = new TextEncoder();
  readonly #worker: Worker;

  constructor(milliseconds = HANG_MILLISECONDS) {
    const workerData: Watched = { state: this.#state, input: this.#input, milliseconds };
    this.#worker = new Worker(fileURLToPath(import.meta.resolve("./watchdog-thread.ts")), { workerData });
    this.#worker.unref();
  }

  begin(input: unknown): void {
    const { written } = this.#encoder.encodeInto(JSON.stringify(input) ?? "", this.#input);
    Atomics.store(this.#state, 1, written);
    Atomics.add(this.#state, 0, 1);
  }

  end(): void {
    Atomics.add(this.#state, 0, 1);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
