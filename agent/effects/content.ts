import { takeTurns } from "../concurrency.ts";
import type { OpenedSource } from "../observe/reader.ts";
import type { OpenedFile } from "./writer.ts";

const CHUNK = 1 << 20;
const BLOCK = 4096;
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
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(size - position, CHUNK)));
  while (position < size) {
    const count = await from.read(buffer, Math.min(buffer.length, size - position), position);
    if (count === 0) break;
    const chunk = buffer.subarray(0, count);
    wrote?.(
      sparse ? await writeSparsely(to, chunk, at + position) : await writeAll(to, chunk, at + position),
    );
    position += count;
    await takeTurns();
  }
  if (sparse) await to.truncate(at + position);
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
    if (block.every((byte) => byte === 0)) continue;
    written += await writeAll(to, block, position + start);
  }
  return written;
}
