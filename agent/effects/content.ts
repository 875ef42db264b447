import { takeTurns } from "../concurrency.ts";
import type { OpenedSource } from "../observe/reader.ts";
import type { OpenedFile } from "./writer.ts";

const CHUNK = 1 << 20;
const BLOCK = 4096;

/**
 * Copies `size` bytes, no more: a file that grows while it is read would never end. One that has become
 * shorter ends where it ends. Holes stay holes where `sparse` says that the file has some.
 * @param at where in `to` the copy begins
 * @returns bytes written, holes not counted
 */
export async function copyContent(
  from: OpenedSource,
  to: OpenedFile,
  size: number,
  sparse: boolean,
  at = 0,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.max(1, Math.min(size, CHUNK)));
  let [position, written] = [0, 0];
  while (position < size) {
    const count = await from.read(buffer, Math.min(buffer.length, size - position), position);
    if (count === 0) break;
    const chunk = buffer.subarray(0, count);
    written += sparse
      ? await writeSparsely(to, chunk, at + position)
      : await writeAll(to, chunk, at + position);
    position += count;
    await takeTurns();
  }
  if (sparse) await to.truncate(at + position);
  return written;
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
