import { takeTurns } from "../concurrency.ts";
import type { OpenedSource } from "../observe/reader.ts";
import type { OpenedFile } from "./writer.ts";

const CHUNK = 1 << 20;
const BLOCK = 4096;
const ZEROS = Buffer.alloc(BLOCK);
/** Smaller files are not worth a question. */
const LARGE = 1 << 20;
/** One call's: something is said of how far it is in between. */
const KERNEL_CHUNK = 16 << 20;

/** What of a file is copied, and how. */
export interface ContentOptions {
  /** Bytes, no more: a file that grows while it is read would never end. One that is shorter ends where it ends. */
  readonly size: number;
  /** It has holes, which stay holes. */
  readonly sparse: boolean;
  /** Where in the copy it begins. */
  readonly at?: number;
  /** Told what was written after each piece, holes not counted. */
  readonly wrote?: (bytes: number) => void;
}

/** Copies a file's bytes: in the kernel where it can (copy_file_range(2)), else by way of this process. */
export async function copyContent(
  from: OpenedSource,
  to: OpenedFile,
  options: ContentOptions,
): Promise<void> {
  const { size, sparse, at = 0, wrote } = options;
  let position = sparse || size < LARGE ? 0 : await copyInKernel(from, to, options);
  const pieces = new ReadAhead(from, size);
  for (let chunk = await pieces.next(position); chunk.length > 0; chunk = await pieces.next(position)) {
    const place = at + position;
    position += chunk.length;
    const written = await (sparse ? writeSparsely(to, chunk, place) : writeAll(to, chunk, place));
    wrote?.(written);
    // A hole may be a thousand times as large as what is in the file: it is passed over, not read.
    if (written === 0) position = Math.min(size, (await from.nextData(position)) ?? size);
    await takeTurns();
  }
  if (sparse) await to.truncate(at + position);
}

/** Reads the next piece while the one before is being written. */
class ReadAhead {
  readonly #from: OpenedSource;
  readonly #size: number;
  readonly #buffers: Buffer[] = [];
  #ahead: { readonly position: number; readonly chunk: Promise<Buffer> } | undefined;
  #turn = 0;

  /** @param size of the file, beyond which nothing is read */
  constructor(from: OpenedSource, size: number) {
    this.#from = from;
    this.#size = size;
  }

  /** The bytes from `position` on; none at the end. They are good until the next but one is asked for. */
  async next(position: number): Promise<Buffer> {
    const expected = this.#ahead;
    this.#ahead = undefined;
    const chunk = await (expected?.position === position ? expected.chunk : this.#read(position));
    const following = position + chunk.length;
    if (chunk.length > 0 && following < this.#size) {
      const ahead = this.#read(following);
      ahead.catch(() => undefined); // Thrown to who asks for it.
      this.#ahead = { position: following, chunk: ahead };
    }
    return chunk;
  }

  async #read(position: number): Promise<Buffer> {
    const length = Math.min(CHUNK, this.#size - position);
    if (length <= 0) return Buffer.alloc(0);
    const turn = this.#turn++ % 2;
    const buffer = this.#buffers[turn] ?? Buffer.allocUnsafe(length);
    this.#buffers[turn] = buffer;
    const count = await this.#from.read(buffer, Math.min(length, buffer.length), position);
    return buffer.subarray(0, count);
  }
}

/** How far the kernel copies: a server may do it by itself; between file systems of two kinds it does not at all. */
async function copyInKernel(from: OpenedSource, to: OpenedFile, options: ContentOptions): Promise<number> {
  const { size, at = 0, wrote } = options;
  let position = 0;
  while (to.copyFrom !== undefined && position < size) {
    const count = await to.copyFrom(
      from.fd,
      position,
      at + position,
      Math.min(KERNEL_CHUNK, size - position),
    );
    if (count === 0) break;
    position += count;
    wrote?.(count);
  }
  return position;
}

/** write(2) may write less than asked. */
async function writeAll(to: OpenedFile, chunk: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < chunk.length) {
    done += await to.write(chunk.subarray(done), position + done);
  }
  return done;
}

async function writeSparsely(to: OpenedFile, chunk: Buffer, position: number): Promise<number> {
  let written = 0;
  for (let start = 0; start < chunk.length; start += BLOCK) {
    const block = chunk.subarray(start, start + BLOCK);
    if (block.equals(ZEROS.subarray(0, block.length))) continue;
    written += await writeAll(to, block, position + start);
  }
  return written;
}
