import { promises as fs } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { BootError } from "../errors.ts";
import type { KernelCalls } from "../kernel/calls.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { geometry, pageSize, partitionNumbers, waitFor } from "./devices.ts";
import { ImageTools } from "./image-tools.ts";
import { type DiskOp, formatDiskOp, isDestructive } from "./op.ts";
import type { FileSystem } from "./partition-file.ts";
import { diskProblem, opProblem } from "./plan.ts";
import { ENDS, swapHeader, tableBytes } from "./tables.ts";

export interface DiskContext {
  readonly root: Root;
  readonly calls: KernelCalls;
  readonly log: Log;
  /** Sees to it that the kernel has a file system, where that is a module. */
  loadModules(names: readonly string[]): Promise<void>;
  /** How long disks may take to appear; half a minute where not given. */
  readonly appearSeconds?: number;
}

/** A file system on the largest of disks takes a minute, where the program wipes it first several. */
const MKFS_SECONDS = 300;
/** The nodes of new partitions are made at once; this is for a machine under load. */
const NODE_SECONDS = 10;

/** How each is told not to ask, and where the image gets the program from. */
const MKFS: Readonly<Record<FileSystem, { readonly options: readonly string[]; readonly from: string }>> = {
  ext2: { options: ["-q", "-F"], from: "e2fsprogs" },
  ext3: { options: ["-q", "-F"], from: "e2fsprogs" },
  ext4: { options: ["-q", "-F"], from: "e2fsprogs" },
  xfs: { options: ["-q", "-f"], from: "xfsprogs" },
  btrfs: { options: ["-q", "-f"], from: "btrfs-progs" },
};

/** Does one step after the other, each one said before it is done. @throws BootError at the first that fails */
export async function carryOutDisks(ops: readonly DiskOp[], context: DiskContext): Promise<void> {
  const disks = new LinuxDisks(context);
  await disks.findTools(ops);
  for (const op of ops) {
    const line = formatDiskOp(op);
    if (isDestructive(op)) context.log.say(line);
    else context.log.detail(line);
    try {
      await disks.run(op);
    } catch (error) {
      if (error instanceof BootError) throw error;
      const code = errorCode(error) ?? "";
      const reason = error instanceof Error ? error.message : errorReason(error);
      throw new BootError([opProblem(op, reason, remedyFor(op, code))], { cause: error });
    }
  }
}

class LinuxDisks {
  readonly #context: DiskContext;
  readonly #tools: ImageTools;
  readonly #mkfs = new Map<FileSystem, string>();

  constructor(context: DiskContext) {
    this.#context = context;
    this.#tools = new ImageTools(context.root, context.calls);
  }

  /** Before the first disk is touched: no half of a plan is carried out for want of a program. @throws BootError */
  async findTools(ops: readonly DiskOp[]): Promise<void> {
    for (const op of ops) {
      if (op.kind !== "mkfs" || this.#mkfs.has(op.fileSystem)) continue;
      const name = `mkfs.${op.fileSystem}`;
      const path = await this.#tools.find(name);
      if (path === undefined) {
        const remedy = `install ${MKFS[op.fileSystem].from} in the image (otherpkglist, genimage), or name another fstype in the partition file`;
        throw new BootError([
          diskProblem(op.device, `the image has no ${name}; nothing was changed`, remedy),
        ]);
      }
      this.#mkfs.set(op.fileSystem, path);
    }
  }

  async run(op: DiskOp): Promise<void> {
    switch (op.kind) {
      case "partition":
        await this.#partition(op);
        break;
      case "mkfs":
        await exclusively(op.device, (handle) => wipe(handle, op.device));
        await this.#makeFileSystem(op.device, op.fileSystem);
        break;
      case "mkswap":
        await exclusively(op.device, (handle) => makeSwap(handle, op.device));
        break;
      case "mount":
        await this.#mount(op);
        break;
      case "swapon":
        await this.#context.calls.swapOn(op.device);
        break;
      default:
        op satisfies never;
    }
  }

  async #partition({ device, table, parts }: Extract<DiskOp, { kind: "partition" }>): Promise<void> {
    const { calls } = this.#context;
    await exclusively(device, async (handle) => {
      // First, as this fails where one of them is in use.
      await calls.setPartitions(handle.fd, partitionNumbers(device), []);
      const { size, block } = geometry(device);
      const random = () => crypto.getRandomValues(new Uint8Array(16));
      const { first, last } = tableBytes({ table, size, block, parts, random });
      await writeAt(handle, first, 0);
      await writeAt(handle, last, size - ENDS);
      await handle.sync();
      const ranges = parts.map(({ number, start, end }) => ({ number, start, length: end - start }));
      await calls.setPartitions(handle.fd, [], ranges);
    });
    await waitFor(
      parts.map((part) => part.device),
      NODE_SECONDS,
    );
  }

  async #makeFileSystem(device: string, fileSystem: FileSystem): Promise<void> {
    const program = this.#mkfs.get(fileSystem);
    if (program === undefined) throw new Error(`mkfs.${fileSystem} was not looked for`);
    const { status, said } = await this.#tools.run(
      [program, ...MKFS[fileSystem].options, device],
      MKFS_SECONDS,
    );
    if (status === 0) return;
    const end = status === undefined ? `was killed after ${MKFS_SECONDS} s` : `ended with status ${status}`;
    throw new Error(`${program} of the image ${end}: ${said || "it said nothing"}`);
  }

  async #mount({ device, type, at }: Extract<DiskOp, { kind: "mount" }>): Promise<void> {
    const { root, calls, loadModules } = this.#context;
    await loadModules([type]);
    const flags = O.PATH | O.DIRECTORY | O.NOFOLLOW;
    await root.with({ tree: "/", path: at }, flags, (fd) => calls.mount(device, fdPath(fd), type, 0, ""));
  }
}

/** Opens a device that nothing else uses (open(2), O_EXCL of block devices). */
async function exclusively(device: string, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await fs.open(device, O.RDWR | O.EXCL | O.CLOEXEC);
  try {
    await use(handle);
  } finally {
    await handle.close();
  }
}

/** Takes away the marks of whatever was there, which would outlive a new file system that puts its own elsewhere. */
async function wipe(handle: FileHandle, device: string): Promise<void> {
  const { size } = geometry(device);
  const zeros = Buffer.alloc(Math.min(size, ENDS));
  await writeAt(handle, zeros, 0);
  await writeAt(handle, zeros, size - zeros.length);
  await handle.sync();
}

async function makeSwap(handle: FileHandle, device: string): Promise<void> {
  await wipe(handle, device);
  const random = crypto.getRandomValues(new Uint8Array(16));
  await writeAt(handle, swapHeader(geometry(device).size, pageSize(), random), 0);
  await handle.sync();
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

function remedyFor(op: DiskOp, code: string): string {
  switch (code) {
    case "EBUSY":
      return `see what uses ${op.device}: a RAID or a volume group that was put together already, or an earlier stage of the boot`;
    case "EROFS":
    case "EACCES":
      return "the disk does not let itself be written: see its write protection";
    case "EIO":
    case "ENXIO":
      return "the disk fails: see what the kernel says about it, and replace it";
    case "ENODEV":
      return "build the initrd with that file system's module (--module)";
    case "ENOENT":
    case "ENOTDIR":
    case "ELOOP":
      return op.kind === "mount"
        ? "make the directory /.sllocal/localmnt in the image"
        : "see what the kernel says about the disk";
    default:
      return op.kind === "mount"
        ? "check the file system (fsck) from a rescue system, or have it made anew: clear=yes and enablepart=yes for one boot"
        : "see what the kernel says about the disk";
  }
}
