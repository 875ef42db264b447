import { promises as fs } from "node:fs";
import { type BootError, fatal } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
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
    throw noVolatile(error);
  }
}

/** What is to be said where there is no such directory, or nothing can be mounted on it. */
export function noVolatile(error: unknown): BootError {
  return fatal(
    "volatile",
    {
      doing: "mount the tmpfs for volatile files",
      on: `${LAYOUT.statelite} in the image`,
      found: whyNot(error),
      remedy: "run liteimg for this image, which makes that directory, and boot again",
    },
    error,
  );
}

function whyNot(error: unknown): string {
  const reason = errorReason(error);
  switch (errorCode(error)) {
    case "ENOENT":
      return `the image has no such directory (${reason})`;
    case "ENOTDIR":
    case "ELOOP":
      return `it is no directory (${reason})`;
    default:
      return reason;
  }
}

/** A tmpfs that is not the root's own file system: mounted by who called us, or by an earlier run. */
async function isOwnMount(root: Root, fd: number, calls: KernelCalls): Promise<boolean> {
  const [own, above] = await Promise.all([fs.stat(fdPath(fd)), fs.stat(root.path)]);
  return own.dev !== above.dev && (await calls.livesInMemory(fdPath(fd)));
}

/**
 * A directory of the agent's tmpfs to mount on, made where it is missing. What is already mounted on the way
 * there may be anybody's: a symlink in it is refused, so that a source cannot say where another one goes.
 * @throws SystemError, Error
 */
export async function withMountpoint<T>(
  root: Root,
  calls: KernelCalls,
  path: string,
  use: (fd: number) => Promise<T>,
): Promise<T> {
  const [first = "", ...names] = path.split("/").filter((name) => name !== "");
  let fd = await openStep(calls, await root.tree("/"), first, path);
  try {
    for (const name of names) {
      const next = await openStep(calls, fd, name, path);
      await calls.close(fd);
      fd = next;
    }
    return await use(fd);
  } finally {
    await calls.close(fd);
  }
}

/** One directory of the way to `path`, made where it is missing. */
async function openStep(calls: KernelCalls, above: number, name: string, path: string): Promise<number> {
  try {
    await fs.mkdir(fdPath(above, name), { mode: 0o755 });
  } catch (error) {
    // On a read-only source too, where it is there; where it is not, the open says so.
    if (errorCode(error) !== "EEXIST" && errorCode(error) !== "EROFS") throw error;
  }
  try {
    return await calls.openAt(above, name, O.PATH | O.DIRECTORY | O.NOFOLLOW | O.CLOEXEC, 0);
  } catch (error) {
    if (errorCode(error) !== "ENOTDIR") throw error;
    throw new Error(`${name} on the way to ${path} is no directory, or a symlink`, { cause: error });
  }
}
