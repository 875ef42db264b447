import { promises as fs } from "node:fs";
import { bind } from "../effects/bind.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { MNT_DETACH, O } from "../kernel/constants.ts";
import { errorCode } from "../kernel/errno.ts";
import { type CommandResult, runCommand } from "../network/command.ts";
import { fdPath, type Root } from "../observe/root.ts";

/**
 * Programs of the image, run with the image as their root: the initrd has none that makes a file system, and the
 * image's are those that fit its kernel.
 */
export class ImageTools {
  readonly #root: Root;
  readonly #calls: KernelCalls;

  constructor(root: Root, calls: KernelCalls) {
    this.#root = root;
    this.#calls = calls;
  }

  /** The path of a program inside the image; nothing where the image has none of that name. */
  async find(name: string): Promise<string | undefined> {
    for (const directory of ["/sbin", "/usr/sbin", "/bin", "/usr/bin"]) {
      const path = `${directory}/${name}`;
      try {
        await this.#root.with({ tree: "/", path }, O.PATH, (fd) => fs.access(fdPath(fd), fs.constants.X_OK));
        return path;
      } catch (error) {
        if (!["ENOENT", "ENOTDIR", "EACCES"].includes(errorCode(error) ?? "")) throw error;
      }
    }
    return undefined;
  }

  /** Runs one with the devices and processes of this system in sight, for so many seconds at most. No shell between. */
  async run(argv: readonly string[], seconds: number): Promise<CommandResult> {
    return this.#withMounted("/dev", () =>
      this.#withMounted("/proc", () =>
        runCommand(["/bin/busybox", "chroot", this.#root.path, ...argv], seconds),
      ),
    );
  }

  async #withMounted<T>(path: string, use: () => Promise<T>): Promise<T> {
    const place = { tree: "/", path };
    await bind(this.#root, this.#calls, path, place, { readonly: false, follow: false });
    try {
      return await use();
    } finally {
      await this.#root.with(place, O.PATH | O.NOFOLLOW, (fd) => this.#calls.umount(fdPath(fd), MNT_DETACH));
    }
  }
}
