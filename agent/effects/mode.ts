import { promises as fs } from "node:fs";
import { O } from "../kernel/constants.ts";
import { errnoNumber, SystemError } from "../kernel/errno.ts";
import { fdPath } from "../observe/root.ts";

/**
 * chmod(2) of the inode that has the name, and of nothing that a symlink leads to: chmod(2) itself follows one, and where
 * others can write a name may have become a symlink since it was made. Linux before 6.6 has no call for it.
 * @throws SystemError ELOOP where a symlink has the name
 */
export async function setModeOf(path: Buffer | string, mode: number): Promise<void> {
  const handle = await fs.open(path, O.PATH | O.NOFOLLOW | O.CLOEXEC);
  try {
    if ((await handle.stat()).isSymbolicLink()) throw new SystemError(`chmod(${path})`, errnoNumber("ELOOP"));
    await fs.chmod(fdPath(handle.fd), mode);
  } finally {
    await handle.close();
  }
}
