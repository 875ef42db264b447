import { type BigIntStats, promises as fs } from "node:fs";
import type { KernelCalls } from "../kernel/calls.ts";
import { O, S } from "../kernel/constants.ts";
import { unlessMissing } from "../kernel/errno.ts";
import { withMountpoint } from "../mounts/volatile.ts";
import type { SourcePath, TreeReader } from "../observe/reader.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { formatLocation } from "../plan/layout.ts";
import type { Op } from "../plan/op.ts";
import { giveAttributes } from "./attributes.ts";
import { below } from "./copy.ts";
import type { Done } from "./effects.ts";
import { allOrNothing } from "./whole.ts";
import { memoryWriter as memory } from "./writer.ts";

/**
 * A directory shown through overlayfs (Documentation/filesystems/overlayfs.rst): the winner is the lower layer and
 * stays where it is, a directory of the tmpfs is the upper one. A process sees what it would see of a copy.
 */

type OverlayOp = Extract<Op, { kind: "overlay" }>;

/** What it takes beside the op. */
export interface OverlayContext {
  readonly root: Root;
  readonly calls: KernelCalls;
}

/**
 * Nothing in a source may act on the layers: redirects are not followed, metadata copies not completed. `index=off`:
 * it would need file handles of the lower layer, which NFS may not give. `xino=on`: one device number for all of the
 * directory where the inode numbers leave room for it, so that `find -xdev` sees everything.
 */
const OPTIONS = "redirect_dir=nofollow,metacopy=off,index=off,xino=on";

/**
 * Makes the upper layer and mounts both.
 * @param target path of the mount point, which must not be there yet, below a descriptor of its directory
 * @throws SystemError, Error
 */
export async function mountOverlay(op: OverlayOp, target: Buffer, context: OverlayContext): Promise<Done> {
  const { root, calls } = context;
  await memory.directory(target);
  const mount = (lower: number, reader: TreeReader) =>
    withMountpoint(root, calls, formatLocation(op.upper), async (layers) => {
      // What is private by the directories above it must not be reached by way of here.
      await fs.chmod(fdPath(layers, "."), 0o700);
      const upper = new UpperLayer(reader);
      const source = { path: Buffer.from(fdPath(lower)), follow: true };
      await upper.make(source, Buffer.from(fdPath(layers, "upper")), op.exclude);
      await memory.directory(Buffer.from(fdPath(layers, "work")));
      await root.with(op.to, O.PATH | O.DIRECTORY | O.NOFOLLOW, (on) =>
        calls.mount(formatLocation(op.from), fdPath(on), "overlay", 0, mountData(lower, layers)),
      );
      return { bytes: 0, files: upper.made, notes: upper.notes };
    });
  return allOrNothing(target, () => root.reading(op.from, O.PATH | O.DIRECTORY, mount));
}

/** By descriptor: a path could lead elsewhere by now, and would have to be quoted. */
function mountData(lower: number, layers: number): string {
  const [upper, work] = [fdPath(layers, "upper"), fdPath(layers, "work")];
  return `lowerdir=${fdPath(lower)},upperdir=${upper},workdir=${work},${OPTIONS}`;
}

/**
 * The upper layer before anything is written to it: the directory itself, and whiteouts at the paths that have entries
 * of their own, so that these find nothing there. Directories on the way take their attributes from the lower layer,
 * as the kernel shows those of the upper one.
 */
class UpperLayer {
  made = 0;
  readonly notes: string[] = [];
  readonly #reader: TreeReader;

  /** @param reader of the lower layer */
  constructor(reader: TreeReader) {
    this.#reader = reader;
  }

  async make(source: SourcePath, to: Buffer, exclude: readonly string[]): Promise<void> {
    await memory.directory(to);
    this.made++;
    const from = await this.#reader.openDirectory(source);
    try {
      const stats = await from.stat();
      for (const [name, paths] of byFirstName(exclude)) await this.#hide(from.fd, to, name, paths);
      const xattrs = await this.#reader.xattrs(source, stats);
      const kept = xattrs.filter((xattr) => !xattr.name.startsWith("trusted.overlay."));
      this.notes.push(...(await giveAttributes(memory, to, to.toString(), { stats, xattrs: kept })));
    } finally {
      await from.close();
    }
  }

  /** @param paths below the name that are to be hidden; none: the name itself is */
  async #hide(from: number, to: Buffer, name: string, paths: readonly string[]): Promise<void> {
    const path = below(from, Buffer.from(name));
    const there = await this.#look(path);
    if (there === undefined) return;
    const place = Buffer.concat([to, Buffer.from(`/${name}`)]);
    if (paths.length === 0) await memory.node(place, S.IFCHR, 0n);
    // Anything else on the way is shown as it is, and is what the entry below fails by, as in a copy.
    else if (there.isDirectory()) await this.make({ path, follow: false }, place, paths);
  }

  async #look(path: Buffer): Promise<BigIntStats | undefined> {
    try {
      return await this.#reader.stat({ path, follow: false });
    } catch (error) {
      return unlessMissing(error);
    }
  }
}

/** `["a", "b/c", "b/d"]` as `a: [], b: [c, d]`. */
function byFirstName(paths: readonly string[]): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const path of paths) {
    const [name = "", ...rest] = path.split("/");
    const below = names.get(name) ?? [];
    if (rest.length > 0) below.push(rest.join("/"));
    names.set(name, below);
  }
  return names;
}
