/**
 * Reading a format out of pieces of any size. A reader is a generator that reads top to bottom like the format's
 * description: it yields what it wants next and gets it, however the bytes happened to arrive.
 */

/** What a reader wants next. */
export interface Want {
  /** At least 1. */
  readonly bytes: number;
  /** Fewer will do: whatever is there, but something. */
  readonly some?: true;
  /** The input may be over at this point. */
  readonly mayEnd?: true;
}

/** Once it returns, the rest of the input is not looked at. */
export type FormatReader = Generator<Want, void, Uint8Array>;

/** What is wrong with an archive, without its name. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** Drives a {@link FormatReader} with pieces as they come. What the reader gets is valid until it asks again. */
export class Incremental {
  readonly #reader: FormatReader;
  #want: Want | undefined;
  #held: Uint8Array[] = [];
  #bytes = 0;
  /** Of the whole input so far, for messages. */
  #position = 0;

  constructor(reader: FormatReader) {
    this.#reader = reader;
    this.#want = this.#next(undefined);
  }

  /** @throws ArchiveError and whatever the reader throws */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#want !== undefined; ) {
      const missing = this.#want.bytes - this.#bytes;
      const piece = chunk.subarray(at, at + missing);
      at += piece.length;
      this.#position += piece.length;
      if (this.#want.some === undefined && piece.length < missing) {
        // Copied: the chunk belongs to whoever sent it.
        this.#held.push(piece.slice());
        this.#bytes += piece.length;
        return;
      }
      this.#want = this.#next(this.#take(piece));
    }
  }

  /** The input is over. @throws ArchiveError where the reader wanted more */
  end(): void {
    const want = this.#want;
    if (want === undefined || (want.mayEnd && this.#bytes === 0)) return;
    throw new ArchiveError(`it ends after ${this.#position} bytes, in the middle`);
  }

  #next(bytes: Uint8Array | undefined): Want | undefined {
    const step = bytes === undefined ? this.#reader.next() : this.#reader.next(bytes);
    return step.done ? undefined : step.value;
  }

  #take(last: Uint8Array): Uint8Array {
    if (this.#bytes === 0) return last;
    const whole = Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#bytes = 0;
    return whole;
  }
}

/** Exactly so many bytes. */
export function exactly(bytes: number): Want {
  return { bytes };
}

/** Hands `size` bytes on as they come, and then drops `padding` more. */
export function* pass(size: number, padding: number, to: (bytes: Uint8Array) => void): FormatReader {
  for (let left = size; left > 0; ) {
    const piece = yield { bytes: left, some: true };
    to(piece);
    left -= piece.length;
  }
  for (let left = padding; left > 0; ) left -= (yield { bytes: left, some: true }).length;
}
