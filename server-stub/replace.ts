import { lstat, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Whatever is made takes no longer, on the slowest disk. */
const longestHours = 1;

/**
 * Removes what {@link replaceWhole} has left half made in a folder where it was killed. By age, as another machine that
 * shares the folder may be at work.
 *
 * @param now for tests
 */
export async function removeUnfinished(folder: string, now = Date.now()): Promise<void> {
  const before = now - longestHours * 3_600_000;
  for (const name of await readdir(folder)) {
    if (!/^\..+\.\d+\.new$/.test(name)) continue;
    const path = join(folder, name);
    const made = await lstat(path).catch(() => undefined); // Gone meanwhile.
    if (made !== undefined && made.ctimeMs < before) await rm(path, { force: true });
  }
}

/**
 * Puts something new in the place of a file, whole: whoever reads gets the old one or the new one. It is made beside it,
 * under a name with a dot before it, which neither boot loaders nor the readers of tables ask for.
 *
 * @param make makes it at the path given, where nothing is; false leaves the old one
 * @returns whether it is the new one now
 */
export async function replaceWhole(
  place: string,
  make: (temporary: string) => Promise<unknown>,
): Promise<boolean> {
  const temporary = join(dirname(place), `.${basename(place)}.${process.pid}.new`);
  await rm(temporary, { force: true }); // Of a run that was killed, and had the same number.
  try {
    if ((await make(temporary)) === false) return false;
    await rename(temporary, place);
    return true;
  } finally {
    await rm(temporary, { force: true }); // It is there only where something failed.
  }
}
