import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { errorCode } from "../kernel/errno.ts";
import type { Chunks } from "./chunks.ts";
import type { Compression } from "./content.ts";

/** The compressed stream is damaged, or asks for more than it may. */
export class CompressionError extends Error {
  override readonly name = "CompressionError";
}

const STREAM = { chunkSize: 1 << 16, highWaterMark: 1 << 16 };

/**
 * 8 MiB, what `zstd -19` uses. Levels above and `--long` want up to 128 MiB of memory while they are unpacked, in the
 * process that may use 80.
 */
const ZSTD_WINDOW_LOG = 23;

/** Part of every initrd. */
const BUSYBOX = "/bin/busybox";

/**
 * Unpacks a stream. Bun has gzip and zstd; for xz there is busybox, as a child with pipes on both ends.
 * Bun's zstd stream takes a cut frame for a whole one: the archive inside has its own end, which is looked for.
 * @throws CompressionError, and what reading `from` throws
 */
export async function* decompress(from: Chunks, compression: Compression): AsyncGenerator<Uint8Array> {
  switch (compression) {
    case "none":
      yield* from;
      return;
    case "gzip":
      yield* through(from, createGunzip(STREAM), "gzip");
      return;
    case "zstd": {
      const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
      yield* through(from, createZstdDecompress({ ...STREAM, params }), "zstd");
      return;
    }
    case "xz":
      yield* throughXz(from);
      return;
    default:
      compression satisfies never;
  }
}

async function* through(
  from: Chunks,
  stream: Readable & Writable,
  name: Compression,
): AsyncGenerator<Uint8Array> {
  // The source's own failure goes before the complaint about a stream that then ends too early.
  let failure: unknown;
  const fed = feed(from, stream).catch((error: unknown) => {
    failure ??= error;
    stream.destroy();
  });
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    failure ??= compressionError(name, error);
    throw failure;
  } finally {
    stream.destroy();
    await fed;
  }
  if (failure !== undefined) throw failure;
}

async function feed(from: Chunks, to: Writable): Promise<void> {
  for await (const chunk of from) {
    if (to.destroyed) return;
    if (to.write(chunk)) continue;
    await roomIn(to);
  }
  if (!to.destroyed) to.end();
}

/** Until it takes more, or never will. */
function roomIn(to: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      to.off("drain", settle).off("close", settle);
      resolve();
    };
    to.on("drain", settle).on("close", settle);
  });
}

async function* throughXz(from: Chunks): AsyncGenerator<Uint8Array> {
  const child = spawn(BUSYBOX, ["xz", "-dc"], { stdio: ["pipe", "pipe", "pipe"], env: {} });
  const exited = once(child, "exit").catch((error: unknown) => [error]);
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-200);
  });
  // A child that gives up leaves a broken pipe; why it did is in its exit status.
  child.stdin.on("error", () => undefined);
  let failure: unknown;
  const fed = feed(from, child.stdin).catch((error: unknown) => {
    failure ??= error;
    child.kill("SIGKILL");
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    await fed;
    const [status] = await exited;
    if (failure !== undefined) throw failure;
    if (status !== 0) throw new CompressionError(`xz: ${said.trim() || `ended with ${String(status)}`}`);
  } finally {
    child.kill("SIGKILL");
    child.stdin.destroy();
    await exited;
    await fed;
  }
}

function compressionError(name: Compression, error: unknown): unknown {
  const code = errorCode(error) ?? "";
  if (code === "ZSTD_error_frameParameter_windowTooLarge") {
    return new CompressionError(
      "zstd: it wants more than 8 MiB of memory to unpack; compress it with zstd -19 at most, without --long",
    );
  }
  if (!/^(Z_|ZSTD_)/.test(code)) return error;
  return new CompressionError(`${name}: ${error instanceof Error ? error.message : code}`);
}
