import { run } from "./run.ts";

/** Compressed forms in which distributions have modules and firmware. */
export const COMPRESSED = [".gz", ".zst", ".xz"] as const;

/**
 * A file's bytes, decompressed as its name says: the kernel loads plain files in any configuration, and the
 * initrd as a whole is compressed anyway.
 *
 * @param doing for the message where it cannot be unpacked
 */
export async function readPlain(file: string, doing: string): Promise<Uint8Array> {
  const bytes = await Bun.file(file).bytes();
  if (file.endsWith(".gz")) return Bun.gunzipSync(bytes);
  if (file.endsWith(".zst")) return await Bun.zstdDecompress(bytes);
  if (!file.endsWith(".xz")) return bytes;
  const remedy = "install xz-utils, and see whether the file is whole";
  return await run(["xz", "-dc", file], { doing, remedy, seconds: 60 });
}
