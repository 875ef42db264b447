import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { fatal } from "../../agent/errors.ts";

/** What liteimg did for one entry, so that it can be put back when its row has left the table. */
export interface RecordedEntry {
  readonly path: string;
  /** The row said it is one. */
  readonly directory: boolean;
  readonly family: "link" | "inside" | "plain";
  /** Locations that did not exist before, outermost first. */
  readonly made: readonly string[];
  /** Text of the symlink that was at the path before. */
  readonly symlink?: string | undefined;
}

const schema = z.object({
  version: z.literal(1),
  entries: z.array(
    z.object({
      path: z.string().startsWith("/"),
      directory: z.boolean(),
      family: z.enum(["link", "inside", "plain"]),
      made: z.array(z.string().startsWith("/")),
      symlink: z.string().optional(),
    }),
  ),
});

/** The record lies beside the image, not in it: no node has any use for it. */
export function recordPath(root: string): string {
  return `${root}.liteimg.json`;
}

/**
 * Empty where there is none: a fresh image, or one that was brought here without its record.
 *
 * @throws BootError where it cannot be understood
 */
export async function readRecord(root: string): Promise<readonly RecordedEntry[]> {
  const path = recordPath(root);
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8"))).entries;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "remove it; entries that are no longer in the table then stay as they are";
    throw fatal(
      "liteimg-record",
      { doing: "read what liteimg did to the image", on: path, found, remedy },
      error,
    );
  }
}

/** Replaces the record at once: a reader sees the old one or the new one. */
export async function writeRecord(root: string, entries: readonly RecordedEntry[]): Promise<void> {
  const path = recordPath(root);
  await writeFile(`${path}.new`, `${JSON.stringify({ version: 1, entries }, undefined, 1)}\n`, {
    flush: true,
  });
  await rename(`${path}.new`, path);
}
