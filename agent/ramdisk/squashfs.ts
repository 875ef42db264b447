import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { MNT_DETACH, MS, O } from "../kernel/constants.ts";
import { attachLoop } from "../kernel/loop.ts";
import { ArchiveError, exactly, type FormatReader, pass } from "./incremental.ts";

/** squashfs, as the kernel's Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h have it. */

const SUPERBLOCK = 96;
/** The largest that a loop device may have. */
const SECTOR = 4096;

/** In the initramfs; gone from every name space once the root stands on it. */
const ASIDE = "/run/statelite/ramdisk";

/** Hands the image on, as much of it as its superblock says that there is. */
export function* readSquashfs(to: (bytes: Uint8Array) => void): FormatReader {
  const superblock = Buffer.from(yield exactly(SUPERBLOCK));
  const version = `${superblock.readUInt16LE(28)}.${superblock.readUInt16LE(30)}`;
  if (version !== "4.0") throw new ArchiveError(`a squashfs of version ${version}, this kernel reads 4.0`);
  const used = superblock.readBigUInt64LE(40);
  if (used < BigInt(SUPERBLOCK) || used > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new ArchiveError(`its superblock says that it has ${used} bytes`);
  }
  to(superblock);
  yield* pass(Number(used) - SUPERBLOCK, 0, to);
}

/**
 * A place for the image in a tmpfs aside, and then the root: the image by a loop device below, the rest of that tmpfs
 * above, so that one limit holds for both.
 */
export class SquashfsRoot {
  readonly #calls: KernelCalls;
  readonly #aside: string;
  readonly #file: number;
  #bytes = 0;

  private constructor(calls: KernelCalls, aside: string) {
    this.#calls = calls;
    this.#aside = aside;
    this.#file = openSync(`${aside}/image`, O.RDWR | O.CREAT | O.EXCL | O.CLOEXEC, 0o400);
  }

  /** @param options of the tmpfs, for mount(2) @throws SystemError */
  static async open(calls: KernelCalls, options: string, aside = ASIDE): Promise<SquashfsRoot> {
    mkdirSync(aside, { recursive: true });
    await calls.mount("statelite-root", aside, "tmpfs", 0, options);
    return new SquashfsRoot(calls, aside);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In place: a tmpfs makes nobody wait. */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    this.#bytes += bytes.length;
  }

  /** @throws SystemError */
  async mount(target: string): Promise<void> {
    const lower = `${this.#aside}/lower`;
    const upper = `${this.#aside}/upper`;
    const work = `${this.#aside}/work`;
    for (const directory of [lower, upper, work]) mkdirSync(directory, { mode: 0o755 });
    // A block device ends with a whole sector, or the image would miss its last bytes.
    ftruncateSync(this.#file, Math.ceil(this.#bytes / SECTOR) * SECTOR);
    const image = openSync(`${this.#aside}/image`, O.RDONLY | O.CLOEXEC);
    try {
      const loop = attachLoop(image);
      try {
        await this.#calls.mount(loop.path, lower, "squashfs", MS.RDONLY, "");
      } finally {
        closeSync(loop.fd);
      }
    } finally {
      closeSync(image);
    }
    const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    await this.#calls.mount("statelite-root", target, "overlay", 0, layers);
    await this.#calls.umount(lower, MNT_DETACH);
  }

  /** Takes the places aside away again; the overlay keeps what it stands on. */
  async close(): Promise<void> {
    closeSync(this.#file);
    await this.#calls.umount(this.#aside, MNT_DETACH);
  }
}
