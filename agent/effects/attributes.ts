import type { BigIntStats } from "node:fs";
import { errorCode } from "../kernel/errno.ts";
import type { Xattr } from "../kernel/inode.ts";
import type { TreeWriter } from "./writer.ts";

/** What belongs to an inode beside its content (rule 5), read from a source and given to a copy. */
export interface Attributes {
  readonly stats: BigIntStats;
  readonly xattrs: readonly Xattr[];
}

const PERMISSIONS = 0o7777n;

/**
 * Gives owner, attributes, mode and times to a new inode, in the order in which none undoes another: chown
 * clears set-user-ID and capabilities, an ACL changes the mode, everything changes times.
 * `path` must end in the inode's own name: `/proc/self/fd/N` would be the link in /proc.
 * @returns names of extended attributes that the file system refused
 */
export async function giveAttributes(
  writer: TreeWriter,
  path: Buffer,
  name: string,
  { stats, xattrs }: Attributes,
): Promise<string[]> {
  await writer.owner(path, Number(stats.uid), Number(stats.gid));
  const refused: string[] = [];
  for (const xattr of xattrs) {
    try {
      await writer.xattr(path, xattr);
    } catch (error) {
      if (errorCode(error) !== "EOPNOTSUPP" && errorCode(error) !== "ENOTSUP") throw error;
      refused.push(`${name}: attribute ${xattr.name} is not kept, the file system has no place for it`);
    }
  }
  // Linux has no mode of a symlink to set: chmod(2) would go where it leads.
  if (!stats.isSymbolicLink()) await writer.mode(path, Number(stats.mode & PERMISSIONS));
  await writer.times(path, stats.atimeNs, stats.mtimeNs);
  return refused;
}
