import { closeSync, openSync, readSync } from "node:fs";
import { BenchError, messageOf } from "../problem.ts";
import { poll } from "../time.ts";

/** A guest must not fill this process's memory. */
const LONGEST_DOCUMENT = 16 * 1024 * 1024;

/** The JSON documents that a guest wrote to its report port, one on each line. */
export class Reports {
  readonly documents: unknown[] = [];
  readonly #machine: string;
  readonly #file: string;
  readonly #decoder = new TextDecoder();
  #offset = 0;
  #partial = "";

  /** @param file where QEMU puts what the guest writes */
  constructor(machine: string, file: string) {
    this.#machine = machine;
    this.#file = file;
  }

  /** The first document that satisfies the guard, also one that came before. */
  async waitFor<T>(wanted: (document: unknown) => document is T, seconds: number): Promise<T> {
    let next = 0;
    const found = await poll(() => {
      this.#read();
      for (; next < this.documents.length; next++) {
        const document = this.documents[next];
        if (wanted(document)) return { document };
      }
      return undefined;
    }, seconds);
    if (found !== undefined) return found.document;
    throw new BenchError({
      doing: "wait for a report",
      on: this.#machine,
      found: `none of ${this.documents.length} documents is the one after ${seconds} s`,
      remedy: `read ${this.#file} and the console`,
    });
  }

  #read(): void {
    const fd = openSync(this.#file, "r");
    try {
      const buffer = Buffer.alloc(65536);
      for (;;) {
        const length = readSync(fd, buffer, 0, buffer.length, this.#offset);
        if (length === 0) break;
        this.#offset += length;
        this.#partial += this.#decoder.decode(buffer.subarray(0, length), { stream: true });
      }
    } finally {
      closeSync(fd);
    }
    if (this.#partial.length > LONGEST_DOCUMENT) throw this.#bad("more than 16 MiB without a newline");
    const lines = this.#partial.split("\n");
    this.#partial = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.documents.push(this.#parse(line));
  }

  #parse(line: string): unknown {
    try {
      return JSON.parse(line);
    } catch (error) {
      throw this.#bad(`${messageOf(error)}: ${line.slice(0, 200)}`);
    }
  }

  #bad(found: string): BenchError {
    return new BenchError({
      doing: "read a report",
      on: this.#machine,
      found,
      remedy: `the guest must write one JSON document on a line; read ${this.#file}`,
    });
  }
}
