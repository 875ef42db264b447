import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

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
