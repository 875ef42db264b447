/** Streams of bytes as async iterables: whoever takes sets the pace, so that nothing piles up in memory. */
export type Chunks = AsyncIterable<Uint8Array>;

/** The first bytes of a stream, and the stream with them; what is not read to its end is to be returned. */
export interface Peeked {
  /** Fewer than asked for where there are no more. */
  readonly head: Uint8Array;
  readonly all: AsyncIterableIterator<Uint8Array>;
}

/** Reads on until so many bytes are there, and puts them back. */
export async function peek(chunks: Chunks, bytes: number): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  for (let length = 0; length < bytes; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    held.push(value);
    length += value.length;
  }
  const head = Buffer.concat(held).subarray(0, bytes);
  const all: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => all,
    next() {
      const value = held.shift();
      return value === undefined ? iterator.next() : Promise.resolve({ done: false, value });
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { head, all };
}

/** Bytes between two collections. Without them a fast download leaves its buffers behind faster than they are seen. */
const COLLECT_EVERY = 1 << 20;

/** The same chunks, with memory given back on the way: a collection of this small heap takes some milliseconds. */
export async function* collecting(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let since = 0;
  for await (const chunk of chunks) {
    yield chunk;
    since += chunk.length;
    if (since < COLLECT_EVERY) continue;
    since = 0;
    Bun.gc(true);
  }
}
