import { createHash, type Hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { O } from "../kernel/constants.ts";
import { kindOf } from "../observe/look.ts";
import { allNames, type SourcePath, type TreeReader } from "../observe/reader.ts";
import { fdPath, type Root } from "../observe/root.ts";
import type { Location } from "../plan/layout.ts";

/**
 * Whether a file or a tree is still what it was: a hash over names, kinds, modes, owners and links, and of each file its
 * content where it is small, else size and time. Times of directories do not count, nor those of small files: an image
 * that is built anew has new ones.
 */

/** A larger tree has none: to look at it again on each boot would cost more than it tells. */
const MOST_INODES = 20_000;
const SMALL_FILE = 64 << 10;
const MAX_DEPTH = 256;

/** Inodes of a directory that are looked at side by side: each may cost round trips to a server. */
const AT_ONCE = 64;

const NOTHING: Described = { isDirectory: false, parts: [] };

/** `sha256:…` in hexadecimal; undefined where it is too large, or cannot be read. Never rejects. */
export async function fingerprint(root: Root, location: Location): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await root.reading(location, O.PATH, async (fd, reader) => {
      const walk = { reader, hash, left: MOST_INODES };
      await addInode(walk, { path: Buffer.from(fdPath(fd)), follow: true }, Buffer.alloc(0), 0);
    });
    return `sha256:${hash.digest("hex")}`;
  } catch {
    return undefined; // Then nothing is known of it, and nothing is done with it.
  }
}

interface Walk {
  readonly reader: TreeReader;
  readonly hash: Hash;
  left: number;
}

/** An inode as far as it is hashed by itself; of a directory what is in it follows. */
interface Described {
  readonly isDirectory: boolean;
  readonly parts: readonly (string | Buffer)[];
}

async function addInode(walk: Walk, source: SourcePath, name: Buffer, depth: number): Promise<void> {
  if (--walk.left < 0) throw new RangeError("too large");
  await add(walk, source, await describe(walk.reader, source, name, depth), depth);
}

async function add(walk: Walk, source: SourcePath, { isDirectory, parts }: Described, depth: number) {
  for (const part of parts) walk.hash.update(part);
  if (isDirectory) await addDirectory(walk, source, depth);
}

async function addDirectory(walk: Walk, source: SourcePath, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw new RangeError("too deep");
  const directory = await walk.reader.openDirectory(source);
  try {
    const names = (await allNames(walk.reader, directory, Math.max(0, walk.left))).sort(Buffer.compare);
    walk.left -= names.length;
    walk.hash.update(`${names.length} `);
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const some = names.slice(start, start + AT_ONCE).map((name) => ({
        name,
        source: { path: Buffer.concat([Buffer.from(`${fdPath(directory.fd)}/`), name]), follow: false },
      }));
      const described = await Promise.all(
        some.map((inode) => describe(walk.reader, inode.source, inode.name, depth + 1)),
      );
      for (const [index, inode] of some.entries())
        await add(walk, inode.source, described[index] ?? NOTHING, depth + 1);
    }
  } finally {
    await directory.close();
  }
}

async function describe(
  reader: TreeReader,
  source: SourcePath,
  name: Buffer,
  depth: number,
): Promise<Described> {
  const stats = await reader.stat(source);
  const kind = kindOf(stats);
  const { mode, uid, gid } = stats;
  // Lengths first: no name can look like what follows it.
  const parts = [`${depth} ${name.length} `, name, ` ${kind} ${mode} ${uid} ${gid} `];
  if (kind === "directory") return { isDirectory: true, parts };
  const content =
    kind === "file"
      ? await describeFile(reader, source, stats)
      : kind === "symlink"
        ? [await reader.readlink(source.path)]
        : [`${stats.rdev}`];
  return { isDirectory: false, parts: [...parts, ...content] };
}

async function describeFile(reader: TreeReader, source: SourcePath, { size, mtimeNs }: BigIntStats) {
  if (size > SMALL_FILE) return [`${size} ${mtimeNs}`];
  const file = await reader.openFile(source);
  try {
    // One byte more than it had: it may have grown.
    const buffer = Buffer.alloc(Number(size) + 1);
    let at = 0;
    for (let read = -1; read !== 0 && at < buffer.length; at += read)
      read = await file.read(buffer.subarray(at), buffer.length - at, at);
    return [`${at} `, buffer.subarray(0, at)];
  } finally {
    await file.close();
  }
}
