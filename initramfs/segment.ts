import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type CpioEntry, cpioArchive } from "./cpio.ts";
import { run } from "./run.ts";

/**
 * One archive of the initrd, compressed. The kernel unpacks archive after archive, each complete in itself
 * and compressed by itself (buffer-format.rst), so that what seldom changes need not be compressed again.
 */
export interface Segment {
  readonly name: string;
  /** Size of the zstd frame, in bytes. */
  readonly compressed: number;
  /** Size of the cpio archive, in bytes. */
  readonly uncompressed: number;
  /** It was compressed by an earlier build. */
  readonly cached: boolean;
  readonly members: readonly { readonly path: string; readonly bytes: number }[];
}

export interface CompressOptions {
  /** zstd level, 1 to 19. */
  readonly level: number;
  /** Compressed archives of earlier builds; without it each build compresses all. */
  readonly cacheDir?: string;
}

/** Some variants of three segments, each tens of megabytes at most. */
const KEPT_IN_CACHE = 12;

/** Packs and compresses the members. */
export async function makeSegment(
  name: string,
  entries: readonly CpioEntry[],
  options: CompressOptions,
): Promise<{ readonly frame: Uint8Array; readonly segment: Segment }> {
  const archive = cpioArchive(entries);
  const members = entries.map((entry) => ({
    path: entry.path,
    bytes: entry.kind === "file" ? entry.data.length : 0,
  }));
  const { frame, cached } = await compressOnce(archive, options);
  return {
    frame,
    segment: { name, compressed: frame.length, uncompressed: archive.length, cached, members },
  };
}

async function compressOnce(
  archive: Uint8Array,
  { level, cacheDir }: CompressOptions,
): Promise<{ frame: Uint8Array; cached: boolean }> {
  if (cacheDir === undefined) return { frame: await compress(archive, level), cached: false };
  const hash = new Bun.CryptoHasher("sha256").update(archive).digest("hex");
  const file = join(cacheDir, `${hash.slice(0, 32)}-${level}.zst`);
  const found = await readOrUndefined(file);
  if (found !== undefined) {
    const now = new Date();
    await utimes(file, now, now);
    return { frame: found, cached: true };
  }
  const frame = await compress(archive, level);
  await mkdir(cacheDir, { recursive: true });
  await writeWhole(file, frame);
  await dropOldest(cacheDir);
  return { frame, cached: false };
}

/**
 * One frame. The `-T` of the zstd program cuts the input into jobs whose size depends on the level alone, so
 * that the bytes are the same on any number of cores; they differ between versions of zstd.
 */
async function compress(archive: Uint8Array, level: number): Promise<Uint8Array> {
  const threads = `-T${availableParallelism()}`;
  return await run(["zstd", `-${level}`, threads, "-q", "-c", `--stream-size=${archive.length}`], {
    doing: "compress a segment of the initrd",
    remedy: "install zstd, and see that there is a gigabyte of free memory",
    seconds: 600,
    input: archive,
  });
}

/** Nobody ever sees half a file, also with several builds at work. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await Bun.write(unfinished, bytes);
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function readOrUndefined(file: string): Promise<Uint8Array | undefined> {
  try {
    return await Bun.file(file).bytes();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function dropOldest(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.endsWith(".zst"));
  // Another build may have removed one meanwhile; it sorts as the oldest, and is removed without complaint.
  const used = async (name: string) =>
    (await stat(join(cacheDir, name)).catch(() => undefined))?.mtimeMs ?? 0;
  const files = await Promise.all(names.map(async (name) => ({ name, used: await used(name) })));
  files.sort((a, b) => b.used - a.used);
  for (const { name } of files.slice(KEPT_IN_CACHE)) await rm(join(cacheDir, name), { force: true });
}
