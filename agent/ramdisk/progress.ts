import type { Log } from "../log.ts";
import type { Chunks } from "./chunks.ts";

/** Something is said on the console about a download that takes longer, and again after each such time. */
const SAY_MS = 2000;

/** What one attempt has come to so far; says so on the console now and then. */
export class Progress {
  /** What was unpacked, in words. Set by whoever unpacks. */
  unpacked: () => string = () => "nothing";
  readonly #log: Log;
  #received = 0;
  #said = performance.now();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The same chunks, counted. @param length bytes to come, where known */
  async *watch(chunks: Chunks, length: number | undefined): AsyncGenerator<Uint8Array> {
    const of = length === undefined ? "" : ` of ${megabytes(length)}`;
    for await (const chunk of chunks) {
      this.#received += chunk.length;
      yield chunk;
      if (performance.now() - this.#said < SAY_MS) continue;
      this.#said = performance.now();
      this.#log.say(`image: ${megabytes(this.#received)}${of} MB downloaded, ${this.unpacked()} unpacked`);
    }
  }
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
