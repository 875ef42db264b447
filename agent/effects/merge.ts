import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { unlessMissing } from "../kernel/errno.ts";
import { fdPath } from "../observe/root.ts";
import { MERGE_NAME } from "../plan/kept.ts";
import { below } from "./copy.ts";
import { allOrNothing, renameInto } from "./whole.ts";

/**
 * Fills a directory that is kept with what it lacks. That is made whole and durable under a name of its own inside the
 * directory, then moved name by name: whatever moment the power fails, the name is still there, and the next boot
 * begins again. What the directory holds already is neither replaced nor removed.
 * @param directory descriptor of it
 * @param make gets the path to work at
 * @throws SystemError
 */
export async function mergeInto<T>(
  calls: KernelCalls,
  directory: number,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const aside = fdPath(directory, MERGE_NAME);
  await fs.rm(aside, { recursive: true, force: true });
  const made = await allOrNothing(aside, () => make(aside));
  await moveIn(calls, Buffer.from(aside), directory);
  // What is left of it is what the directory had already.
  await fs.rm(aside, { recursive: true });
  return made;
}

async function moveIn(calls: KernelCalls, source: Buffer, to: number): Promise<void> {
  const from = await fs.open(source, DIRECTORY);
  try {
    for (const name of await fs.readdir(fdPath(from.fd), { encoding: "buffer" })) {
      await moveOne(calls, below(from.fd, name), below(to, name));
    }
  } finally {
    await from.close();
  }
}

async function moveOne(calls: KernelCalls, here: Buffer, there: Buffer): Promise<void> {
  const kept = await fs.lstat(there).catch(unlessMissing);
  if (kept === undefined) return renameInto(calls, here, there);
  if (!kept.isDirectory() || !(await fs.lstat(here)).isDirectory()) return;
  const to = await fs.open(there, DIRECTORY);
  try {
    await moveIn(calls, here, to.fd);
    await to.sync();
  } finally {
    await to.close();
  }
}

const DIRECTORY = O.RDONLY | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC;
