/** What lies on a block device, told by its first and last mebibyte, as blkid(8) does. Pure. */

export type Signature =
  /** Nothing but zeros where anything leaves its mark. */
  | { readonly kind: "blank" }
  | { readonly kind: "filesystem"; readonly type: string }
  | { readonly kind: "swap" }
  | { readonly kind: "table"; readonly type: "gpt" | "msdos" }
  /** Something with a name that is none of the above: a part of a RAID, an encrypted device. */
  | { readonly kind: "other"; readonly what: string }
  | { readonly kind: "unknown" };

/** How much of each end is looked at. */
export const SIGNATURE_BYTES = 1 << 20;

interface Magic {
  readonly at: number;
  readonly bytes: string;
  readonly means: Signature;
}

const fileSystem = (type: string): Signature => ({ kind: "filesystem", type });
const other = (what: string): Signature => ({ kind: "other", what });
const SWAP: Signature = { kind: "swap" };

/** Before the partition table, whose mark a file system's boot block has too. */
const MAGICS: readonly Magic[] = [
  { at: 0, bytes: "XFSB", means: fileSystem("xfs") },
  { at: 65600, bytes: "_BHRfS_M", means: fileSystem("btrfs") },
  { at: 65588, bytes: "ReIsEr", means: fileSystem("reiserfs") },
  { at: 32768, bytes: "JFS1", means: fileSystem("jfs") },
  { at: 1024, bytes: "\x10\x20\xf5\xf2", means: fileSystem("f2fs") },
  { at: 32769, bytes: "CD001", means: fileSystem("iso9660") },
  { at: 0, bytes: "hsqs", means: fileSystem("squashfs") },
  { at: 3, bytes: "NTFS    ", means: fileSystem("ntfs") },
  { at: 3, bytes: "EXFAT   ", means: fileSystem("exfat") },
  { at: 54, bytes: "FAT", means: fileSystem("vfat") },
  { at: 82, bytes: "FAT32", means: fileSystem("vfat") },
  // At the end of a page of 4 or 64 KiB.
  { at: 4086, bytes: "SWAPSPACE2", means: SWAP },
  { at: 65526, bytes: "SWAPSPACE2", means: SWAP },
  { at: 4086, bytes: "S1SUSPEND", means: other("a suspended system") },
  { at: 0, bytes: "LUKS\xba\xbe", means: other("an encrypted device (LUKS)") },
  ...[0, 512, 1024, 1536].map((at) => ({ at, bytes: "LABELONE", means: other("a physical volume of LVM") })),
  ...[0, 4096].map((at) => ({ at, bytes: "\xfc\x4e\x2b\xa9", means: other("a member of a RAID (md)") })),
  { at: 0, bytes: "bluestore block device", means: other("a Ceph OSD") },
];

const MD_MAGIC = "\xfc\x4e\x2b\xa9";

/** @param head the first bytes, at most {@link SIGNATURE_BYTES} @param tail the last ones */
export function signatureOf(head: Uint8Array, tail: Uint8Array): Signature {
  const text = Buffer.from(head).toString("latin1");
  const ext = extOf(head);
  if (ext !== undefined) return fileSystem(ext);
  const found = MAGICS.find(({ at, bytes }) => text.startsWith(bytes, at));
  if (found !== undefined) return found.means;
  // Older RAIDs keep their superblock near the end, at a multiple of 4 KiB from there.
  const end = Buffer.from(tail).toString("latin1");
  for (let at = end.length % 4096; at < end.length; at += 4096) {
    if (end.startsWith(MD_MAGIC, at)) return other("a member of a RAID (md)");
  }
  if (text.startsWith("EFI PART", 512) || text.startsWith("EFI PART", 4096))
    return { kind: "table", type: "gpt" };
  if (text.startsWith("\x55\xaa", 510)) return { kind: "table", type: "msdos" };
  const zeros = [head, tail].every((bytes) => bytes.every((byte) => byte === 0));
  return zeros ? { kind: "blank" } : { kind: "unknown" };
}

/** fs/ext4/ext4.h: the magic, and the features by which the three differ. */
function extOf(head: Uint8Array): string | undefined {
  if (head.length < 2048) return undefined;
  const superblock = Buffer.from(head.buffer, head.byteOffset + 1024, 1024);
  if (superblock.readUInt16LE(0x38) !== 0xef53) return undefined;
  const compat = superblock.readUInt32LE(0x5c);
  const incompat = superblock.readUInt32LE(0x60);
  const readonlyCompat = superblock.readUInt32LE(0x64);
  // ext3 knows filetype, recover and meta_bg; sparse_super, large_file and btree_dir.
  if ((incompat & ~0x16) !== 0 || (readonlyCompat & ~0x7) !== 0) return "ext4";
  return (compat & 0x4) !== 0 ? "ext3" : "ext2";
}

/** For messages: `ext4`, `a physical volume of LVM`. */
export function describeSignature(signature: Signature): string {
  switch (signature.kind) {
    case "blank":
      return "nothing";
    case "filesystem":
      return `a file system (${signature.type})`;
    case "swap":
      return "swap space";
    case "table":
      return `a partition table (${signature.type})`;
    case "other":
      return signature.what;
    case "unknown":
      return "something of no known kind";
    default:
      return signature satisfies never;
  }
}
