import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

/** Where boot loaders see the TFTP directory, as xCAT's web server shows it. */
const folder = "tftpboot";

/**
 * The file that a URL's path means: a regular one, below the directory also where links lead, and no name in the path
 * begins with a dot. Undefined for everything else.
 *
 * @param path as it stands in the request, percent signs and all
 */
export async function findBootFile(root: string, path: string): Promise<string | undefined> {
  const decoded = decode(path);
  if (!decoded?.startsWith("/")) return undefined;
  // xCAT writes two slashes in places, and boot loaders ask so.
  const [first, ...names] = decoded.split("/").filter((name) => name !== "");
  if (first !== folder) return undefined;
  if (names.length === 0 || names.some((name) => name.startsWith(".") || name.includes("\0")))
    return undefined;
  try {
    const top = await realpath(root);
    const file = await realpath(join(top, ...names));
    if (!file.startsWith(top.endsWith(sep) ? top : top + sep)) return undefined;
    return (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined; // Not there, or not to be read: for who asks it is the same.
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
