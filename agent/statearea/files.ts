import { promises as fs } from "node:fs";
import { allOrNothing } from "../effects/whole.ts";
import { O } from "../kernel/constants.ts";
import { errnoNumber, errorCode, SystemError, unlessMissing } from "../kernel/errno.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { LAYOUT } from "../plan/layout.ts";

/** Small JSON files of the agent's own in a node's state. Whoever can write there can have put anything in their place. */

/** The agent's own directory of a writable tree: never followed where it is a link. @throws SystemError */
export async function inOwn<T>(root: Root, tree: string, use: (directory: number) => Promise<T>): Promise<T> {
  return await root.with({ tree, path: LAYOUT.statelite }, O.DIRECTORY | O.NOFOLLOW, use);
}

/** Makes that directory where it is missing. @throws an error of mkdir(2) */
export async function makeOwn(root: Root, tree: string): Promise<void> {
  const path = fdPath(await root.tree(tree), LAYOUT.statelite.slice(1));
  await fs.mkdir(path, { mode: 0o755 }).catch((error: unknown) => {
    if (errorCode(error) !== "EEXIST") throw error;
  });
}

/** Far more than any of them has. */
const MOST_BYTES = 16 << 20;

export interface Found {
  /** Undefined where it is no JSON. */
  readonly json: unknown;
  /** Milliseconds since 1970, by the server's clock. */
  readonly modified: number;
}

/**
 * What a file of a directory holds; undefined where it is not there, or is nothing that the agent has written.
 * @throws SystemError EISDIR where a directory has the name: no file can take its place
 */
export async function readJson(directory: number, name: string): Promise<Found | undefined> {
  // Without opening it for good: to open a device is to do something with it.
  const there = await fs.open(fdPath(directory, name), O.PATH | O.NOFOLLOW | O.CLOEXEC).catch(unlessMissing);
  if (there === undefined) return undefined;
  try {
    const stats = await there.stat();
    if (stats.isDirectory()) throw new SystemError(`open(${name})`, errnoNumber("EISDIR"));
    if (!stats.isFile() || stats.size > MOST_BYTES) return undefined;
    const text = await fs.readFile(fdPath(there.fd), "utf8");
    return { json: parse(text), modified: stats.mtimeMs };
  } finally {
    await there.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A file that is written and durable, and not yet in its place. */
export interface Prepared {
  /** When it was written, in milliseconds since 1970, by the server's clock. */
  readonly modified: number;
  commit(): Promise<void>;
  drop(): Promise<void>;
}

/** Writes a file beside its place; `commit` renames it there, so that its reader sees the old one or the new one. */
export async function prepareJson(directory: number, name: string, value: unknown): Promise<Prepared> {
  const [aside, place] = [fdPath(directory, `${name}.new`), fdPath(directory, name)];
  // Of a boot that was cut off, or somebody's trap: it is never opened.
  await fs.rm(aside, { recursive: true, force: true });
  const modified = await allOrNothing(aside, () => writeDurably(aside, `${JSON.stringify(value)}\n`));
  return {
    modified,
    commit: () =>
      allOrNothing(aside, async () => {
        await fs.rename(aside, place);
        await syncDirectory(directory);
      }),
    drop: () => fs.rm(aside, { force: true }),
  };
}

/** @returns when it was written */
async function writeDurably(path: string, text: string): Promise<number> {
  const file = await fs.open(path, "wx", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
  }
}

async function syncDirectory(directory: number): Promise<void> {
  const handle = await fs.open(fdPath(directory, "."), "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
