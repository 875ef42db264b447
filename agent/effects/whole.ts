import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { errnoNumber, errorCode, SystemError, unlessMissing } from "../kernel/errno.ts";
import { fdPath } from "../observe/root.ts";
import { SEED_PREFIX } from "../plan/kept.ts";

/** Things that are to be there as a whole, or not at all. */

/** Half a copy is worse than none: where `make` fails, what it has left at `path` goes. */
export async function allOrNothing<T>(path: Buffer | string, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    // What failed is what is to be said; the rest of a seed is removed by the next boot at the latest.
    await fs.rm(path, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Makes something beside its place under a name of its own, and renames it once it is finished. What an
 * earlier boot, cut off, has left under that name is removed first. `make` gets the path to work at.
 * @param directory descriptor of the directory of both
 */
export async function makeAside<T>(
  calls: KernelCalls,
  directory: number,
  name: string,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const path = fdPath(directory, unfinishedName(name));
  await fs.rm(path, { recursive: true, force: true });
  return allOrNothing(path, async () => {
    const made = await make(path);
    await renameInto(calls, path, fdPath(directory, name));
    return made;
  });
}

/**
 * As {@link makeAside}, in place of what has the name, which is the caller's to remove ({@link removeReplaced}). For a
 * moment nothing has the name: who fails there finds nothing, and makes the same again.
 */
export async function replaceAside<T>(
  calls: KernelCalls,
  directory: number,
  name: string,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const path = fdPath(directory, unfinishedName(name));
  await fs.rm(path, { recursive: true, force: true });
  const old = await removeReplaced(directory, name);
  return allOrNothing(path, async () => {
    const made = await make(path);
    await renameInto(calls, fdPath(directory, name), old);
    await renameInto(calls, path, fdPath(directory, name));
    return made;
  });
}

/**
 * What was replaced goes; where the power failed before that, the boot that seeds the name again has to see to it.
 * @returns its path
 */
export async function removeReplaced(directory: number, name: string): Promise<string> {
  const old = fdPath(directory, unfinishedName(`${name}/old`));
  await fs.rm(old, { recursive: true, force: true });
  return old;
}

/** rename(2) to a name that is not taken. @throws SystemError EEXIST where it is */
export async function renameInto(
  calls: KernelCalls,
  from: string | Buffer,
  to: string | Buffer,
): Promise<void> {
  try {
    await calls.renameNoReplace(from, to);
  } catch (error) {
    if (errorCode(error) !== "EINVAL") throw error;
    await renameWithoutFlags(calls, from, to);
  }
}

/**
 * NFS knows no flags for rename(2), and what this client remembers of a directory may be half a minute old: another
 * machine with this node's name may have put something there since. A look that asks the server leaves it the time of one
 * more call; link(2) would leave it none, and after a power cut the file with two names.
 */
async function renameWithoutFlags(
  calls: KernelCalls,
  from: string | Buffer,
  to: string | Buffer,
): Promise<void> {
  await calls.refresh(directoryOf(to));
  const there = await fs.lstat(to).catch(unlessMissing);
  if (there !== undefined) throw new SystemError(`rename to ${to.toString()}`, errnoNumber("EEXIST"));
  await fs.rename(from, to);
}

function directoryOf(path: string | Buffer): string | Buffer {
  const end = path.lastIndexOf("/");
  return typeof path === "string" ? path.slice(0, end) : path.subarray(0, end);
}

/** Short whatever the length of the real name, and found again by the next boot. */
function unfinishedName(name: string): string {
  return `${SEED_PREFIX}${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}
