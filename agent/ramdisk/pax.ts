import type { Xattr } from "../kernel/inode.ts";
import { type ByteString, LIMITS } from "./archive.ts";
import { ArchiveError } from "./incremental.ts";

/** Extended headers of the pax interchange format (POSIX.1-2017, pax, "pax Extended Header"). */

/** What they say of a member, as far as it concerns the agent. */
export interface PaxRecords {
  readonly path?: ByteString;
  readonly linkpath?: ByteString;
  readonly size?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtimeNs?: bigint;
  readonly xattrs: readonly Xattr[];
}

/** star's and GNU tar's way to keep extended attributes: the rest of the keyword is the attribute's name. */
const XATTR = "SCHILY.xattr.";
/** The ones a copy keeps too (listXattrs): others belong to one file system. */
const KEPT_XATTR = /^(security|user|trusted)\.|^system\.posix_acl_(access|default)$/;

/** Reads records `length keyword=value\n` on top of the ones before. @throws ArchiveError */
export function readPax(content: Uint8Array, before: PaxRecords): PaxRecords {
  const bytes = Buffer.from(content);
  let records = before;
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank < 0 || blank - at > 8 ? "" : bytes.toString("latin1", at, blank);
    const length = /^\d+$/.test(digits) ? Number(digits) : 0;
    const equals = bytes.indexOf(0x3d, blank);
    const end = at + length - 1;
    if (equals < 0 || equals >= end || end >= bytes.length || bytes[end] !== 0x0a) {
      throw new ArchiveError("an extended header is damaged");
    }
    const keyword = bytes.toString("utf8", blank + 1, equals);
    records = withRecord(records, keyword, bytes.subarray(equals + 1, end));
    at = end + 1;
  }
  return records;
}

function withRecord(records: PaxRecords, keyword: string, value: Buffer): PaxRecords {
  const text = value.toString("latin1");
  if (keyword.startsWith(XATTR)) {
    const name = keyword.slice(XATTR.length);
    if (!KEPT_XATTR.test(name)) return records;
    const others = records.xattrs.filter((xattr) => xattr.name !== name);
    const xattrs = [...others, { name, value: Uint8Array.from(value) }];
    refuseTooMany(xattrs);
    return { ...records, xattrs };
  }
  if (keyword.startsWith("GNU.sparse.")) throw sparse();
  switch (keyword) {
    case "path":
    case "linkpath":
      return { ...records, [keyword]: text };
    case "size":
    case "uid":
    case "gid":
      return { ...records, [keyword]: readNumber(keyword, text) };
    case "mtime":
      return { ...records, mtimeNs: readTime(text) };
    default:
      return records; // Names of users, times that nobody keeps, comments.
  }
}

/** Headers add up, so that each of them may be short enough and all of them too much. */
function refuseTooMany(xattrs: readonly Xattr[]): void {
  let [names, values] = [0, 0];
  for (const { name, value } of xattrs) {
    names += name.length + 1;
    values += value.length;
  }
  if (names > LIMITS.xattrNames || values > LIMITS.header)
    throw new ArchiveError(
      `a file has more extended attributes than one can have (${xattrs.length} of them)`,
    );
}

export function sparse(): ArchiveError {
  return new ArchiveError("it was made with tar --sparse, which is not served: pack it without");
}

function readNumber(keyword: string, text: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new ArchiveError(`an extended header has ${keyword}=${text.slice(0, 40)}`);
  return value;
}

/** Seconds with a fraction, perhaps before 1970. */
function readTime(text: string): bigint {
  const [, sign, seconds, fraction = ""] = /^(-?)(\d{1,11})(?:\.(\d*))?$/.exec(text) ?? [];
  if (seconds === undefined) throw new ArchiveError(`an extended header has mtime=${text.slice(0, 40)}`);
  const ns = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return sign === "-" ? -ns : ns;
}
