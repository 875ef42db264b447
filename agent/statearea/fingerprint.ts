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

async function addInode(walk: Walk, source: SourcePath, name: Buffer, depth: number): Promise<void> {
  if (--walk.left < 0 || depth > MAX_DEPTH) throw new RangeError("too large");
  const stats = await walk.reader.stat(source);
  const kind = kindOf(stats);
  const { mode, uid, gid } = stats;
  // Lengths first: no name can look like what follows it.
  walk.hash.update(`${depth} ${name.length} `).update(name).update(` ${kind} ${mode} ${uid} ${gid} `);
  if (kind === "directory") await addDirectory(walk, source, depth);
  else if (kind === "file") await addFile(walk, source, stats);
  else if (kind === "symlink") walk.hash.update(await walk.reader.readlink(source.path));
  else walk.hash.update(`${stats.rdev}`);
}

async function addDirectory(walk: Walk, source: SourcePath, depth: number): Promise<void> {
  const directory = await walk.reader.openDirectory(source);
  try {
    const names = (await allNames(walk.reader, directory, MOST_INODES)).sort(Buffer.compare);
    walk.hash.update(`${names.length} `);
    for (const name of names) {
      const path = Buffer.concat([Buffer.from(`${fdPath(directory.fd)}/`), name]);
      await addInode(walk, { path, follow: false }, name, depth + 1);
    }
  } finally {
    await directory.close();
  }
}

async function addFile(walk: Walk, source: SourcePath, { size, mtimeNs }: BigIntStats): Promise<void> {
  walk.hash.update(`${size} `);
  if (size > SMALL_FILE) {
    walk.hash.update(`${mtimeNs}`);
    return;
  }
  const file = await walk.reader.openFile(source);
  try {
    const buffer = Buffer.alloc(SMALL_FILE);
    for (let at = 0; at <= SMALL_FILE; ) {
      const read = await file.read(buffer, SMALL_FILE, at);
      if (read === 0) return;
      walk.hash.update(buffer.subarray(0, read));
      at += read;
    }
    throw new RangeError("it grows while it is read");
  } finally {
    await file.close();
  }
}
