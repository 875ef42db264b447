import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * A new folder for what is not finished yet, named by this process. Those of processes that were ended before they
 * could remove theirs go: a compiled program in each of them would fill the disk.
 *
 * @param parent is made where it is not there
 * @param prefix of their names, e.g. `compile-`
 */
export async function unfinishedFolder(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      await rm(join(parent, name), { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, `${prefix}${process.pid}-`));
}
