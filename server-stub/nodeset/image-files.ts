import { constants } from "node:fs";
import { chmod, copyFile, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import type { TftpFolder } from "./tftp-folder.ts";

/** Names below the TFTP directory, as xCAT has them, and beside the image's root directory. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
}

export function bootFilesOf(image: string): BootFiles {
  const folder = `xcat/osimage/${image}`;
  return { kernel: `${folder}/kernel`, initrd: `${folder}/initrd-statelite.gz` };
}

/** A copy that has to be made, or a file that is nowhere. */
export interface CopyNeeded {
  readonly from: string;
  /** Below the TFTP directory. */
  readonly to: string;
}

/**
 * What has to be copied from where `genimage` and this project's builder leave kernel and initrd, `linuximage.rootimgdir`,
 * to the TFTP directory: what is not there yet, or is there in another version.
 *
 * @param source empty where the tables do not name it: then what is in the TFTP directory is all there is
 * @throws Error where a file is in neither place
 */
export async function neededCopies(
  files: BootFiles,
  tftp: string,
  source: string,
): Promise<readonly CopyNeeded[]> {
  const copies: CopyNeeded[] = [];
  for (const path of [files.kernel, files.initrd]) {
    const place = join(tftp, path);
    const from = join(source, basename(path));
    const [there, here] = [await signature(place), source === "" ? undefined : await signature(from)];
    if (here !== undefined && here !== there) copies.push({ from, to: path });
    else if (there === undefined)
      throw new Error(
        source === ""
          ? `${place} is not there: put it there, or set the image's linuximage.rootimgdir to the folder that has it`
          : `${from} is not there, and ${place} neither: put the file into the folder of the first, the image's linuximage.rootimgdir`,
      );
  }
  return copies;
}

/** Copies without a moment at which a booting node finds half a file. */
export async function carryOutCopy({ from, to }: CopyNeeded, folder: TftpFolder): Promise<void> {
  await folder.put(to, async (temporary) => {
    await copyFile(from, temporary, constants.COPYFILE_EXCL);
    await chmod(temporary, 0o644); // Debian's kernels are for root alone; boot loaders' servers are not root.
    const { atime, mtime } = await stat(from);
    await utimes(temporary, atime, mtime); // By it the next run sees that nothing has changed.
  });
}

async function signature(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${size} ${Math.floor(mtimeMs / 1000)}`;
  } catch {
    return undefined;
  }
}
