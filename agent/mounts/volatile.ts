import { promises as fs } from "node:fs";
import { Parents } from "../effects/parents.ts";
import { fatal } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorReason } from "../kernel/errno.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { LAYOUT } from "../plan/layout.ts";

/**
 * Mounts the `.statelite` tmpfs with the image's mode of that directory, unless one is there already, and
 * makes the directories of semantics section 2 in it. @throws BootError
 */
export async function mountVolatile(root: Root, calls: KernelCalls): Promise<void> {
  const top = { tree: "/", path: LAYOUT.statelite };
  try {
    const there = await root.with(top, O.PATH | O.DIRECTORY | O.NOFOLLOW, async (fd) => {
      if (await isOwnMount(root, fd, calls)) return true;
      const { mode } = await fs.stat(fdPath(fd));
      const options = `mode=${(mode & 0o7777).toString(8)}`;
      await calls.mount("statelite", fdPath(fd), "tmpfs", 0, options);
      return false;
    });
    await root.with(top, O.PATH | O.DIRECTORY | O.NOFOLLOW, async (fd) => {
      for (const name of ["tmpfs", "persistent", "mnt"])
        await fs.mkdir(fdPath(fd, name), { recursive: there });
    });
  } catch (error) {
    throw fatal(
      "volatile",
      {
        doing: "mount the tmpfs for volatile files",
        on: LAYOUT.statelite,
        found: errorReason(error),
        remedy: "run liteimg for this image, which makes that directory, and boot again",
      },
      error,
    );
  }
}

/** A tmpfs that is not the root's own file system: mounted by who called us, or by an earlier run. */
async function isOwnMount(root: Root, fd: number, calls: KernelCalls): Promise<boolean> {
  const [own, above] = await Promise.all([fs.stat(fdPath(fd)), fs.stat(root.path)]);
  return own.dev !== above.dev && (await calls.livesInMemory(fdPath(fd)));
}

/**
 * A directory of the agent's tmpfs to mount on, made where it is missing. What is already mounted on the way
 * there may be anybody's: each step is looked up inside the root. @throws SystemError
 */
export async function withMountpoint<T>(
  root: Root,
  calls: KernelCalls,
  path: string,
  use: (fd: number) => Promise<T>,
): Promise<T> {
  const directories = new Parents(root, calls);
  try {
    return await use(await directories.directory({ tree: "/", path }));
  } finally {
    await directories.close();
  }
}
