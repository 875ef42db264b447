import type { KernelCalls } from "../kernel/calls.ts";
import { MNT_DETACH } from "../kernel/constants.ts";
import { close, openTree } from "../kernel/tree.ts";
import type { Log } from "../log.ts";
import { type Chunks, collecting, peek } from "./chunks.ts";
import {
  compressionOf,
  describeOther,
  type ImageKind,
  imageKindOf,
  readerOf,
  SIGNATURE_BYTES,
} from "./content.ts";
import { decompress } from "./decompress.ts";
import { type DownloadContext, DownloadError, download } from "./download.ts";
import { explain } from "./failure.ts";
import { ArchiveError, type FormatReader, Incremental } from "./incremental.ts";
import { megabytes, Progress } from "./progress.ts";
import { readSquashfs, SquashfsRoot } from "./squashfs.ts";
import { TreeWriter } from "./tree-writer.ts";

/** A root in memory, from `imgurl` (semantics section 3). */
export interface RamdiskRequest {
  readonly url: string;
  /** Where, in the agent's namespace; must exist. */
  readonly target: string;
  /** `rootlimit`: the size of the tmpfs, as tmpfs(5) takes it. */
  readonly limit?: string;
  /** Seconds in which a failed attempt is followed by another one. */
  readonly timeout: number;
}

export interface RamdiskContext extends Omit<DownloadContext, "silence"> {
  readonly calls: KernelCalls;
  readonly log: Log;
  /** Sees to it that the kernel has these. */
  loadModules(names: readonly string[]): Promise<void>;
  /** Milliseconds that the server may keep silent; half a minute where not given. */
  readonly silence?: number;
}

/** A thousand nodes that start together wait for each other, and the server for its disks. */
const SILENCE = 30_000;

const RETRY_SECONDS = [1, 2, 4, 8];

/**
 * Downloads the image and unpacks it while it comes, into a tmpfs at `target`; a squashfs is kept as it is, with a
 * tmpfs above. A failure that may pass is followed by another attempt from the start, into an empty tmpfs.
 * @returns where it came from, harmless to show
 * @throws BootError
 */
export async function mountRamdisk(request: RamdiskRequest, context: RamdiskContext): Promise<string> {
  const { log } = context;
  const url = withoutPassword(request.url);
  const end = performance.now() + request.timeout * 1000;
  for (let round = 0; ; round++) {
    const progress = new Progress(log);
    try {
      const kind = await attempt(request, context, progress);
      log.say(`image: ${url} (${kind}), ${progress.unpacked()}, on ${request.target}`);
      return url;
    } catch (error) {
      const pause = (RETRY_SECONDS[round] ?? 8) * 1000 * (0.5 + Math.random());
      const again = error instanceof DownloadError && error.passing && performance.now() + pause < end;
      if (!again) throw explain(error, url, request.limit, progress.unpacked());
      log.say(`image: ${error.message}; from the start again in ${(pause / 1000).toFixed(1)} s`);
      await Bun.sleep(pause);
    }
  }
}

/** @returns what the image is, in words */
async function attempt(
  request: RamdiskRequest,
  context: RamdiskContext,
  progress: Progress,
): Promise<string> {
  const { length, body } = await download(request.url, { silence: SILENCE, ...context });
  const received = await peek(progress.watch(body, length), SIGNATURE_BYTES);
  const compression = compressionOf(received.head);
  const { head, all } = await peek(decompress(received.all, compression), SIGNATURE_BYTES);
  try {
    const kind = imageKindOf(head);
    if (kind === undefined) throw new ArchiveError(`it is ${describeOther(head)}`);
    if (kind === "squashfs") await keep(all, request, context, progress);
    else await unpack(kind, all, request, context, progress);
    return compression === "none" ? kind : `${kind}, ${compression}`;
  } finally {
    await all.return?.();
  }
}

async function unpack(
  kind: Exclude<ImageKind, "squashfs">,
  chunks: Chunks,
  { target, limit }: RamdiskRequest,
  { calls, log }: RamdiskContext,
  progress: Progress,
): Promise<void> {
  await calls.mount("statelite-root", target, "tmpfs", 0, tmpfsOptions(limit));
  const top = openTree(target);
  const writer = new TreeWriter(top);
  progress.unpacked = () => `${megabytes(writer.written.bytes)} MB in ${writer.written.files} files`;
  let whole = false;
  try {
    await readThrough(chunks, readerOf(kind, writer));
    writer.finish();
    whole = true;
  } finally {
    writer.close();
    close(top);
    if (!whole) await calls.umount(target, MNT_DETACH);
  }
  for (const note of writer.written.notes) log.detail(note);
}

async function keep(
  chunks: Chunks,
  { target, limit }: RamdiskRequest,
  { calls, loadModules }: RamdiskContext,
  progress: Progress,
): Promise<void> {
  await loadModules(["loop", "squashfs", "overlay"]);
  const root = await SquashfsRoot.open(calls, tmpfsOptions(limit));
  progress.unpacked = () => `${megabytes(root.bytes)} MB`;
  try {
    await readThrough(
      chunks,
      readSquashfs((bytes) => root.write(bytes)),
    );
    await root.mount(target);
  } finally {
    await root.close();
  }
}

/** To the end of the stream, also where the reader has seen enough: only then is its length known to be right. */
async function readThrough(chunks: Chunks, reader: FormatReader): Promise<void> {
  const incremental = new Incremental(reader);
  for await (const chunk of collecting(chunks)) incremental.push(chunk);
  incremental.end();
}

function tmpfsOptions(limit: string | undefined): string {
  return limit === undefined ? "mode=755" : `mode=755,size=${limit}`;
}

/** For consoles and logs. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}
