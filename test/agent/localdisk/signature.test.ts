import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeSignature, SIGNATURE_BYTES, signatureOf } from "../../../agent/localdisk/signature.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-signature-"));
afterAll(() => rmSync(base, { recursive: true }));

const MIB = 1 << 20;

function lookAt(bytes: Buffer): string {
  const head = bytes.subarray(0, SIGNATURE_BYTES);
  const tail = bytes.subarray(Math.max(0, bytes.length - SIGNATURE_BYTES));
  return describeSignature(signatureOf(head, tail));
}

describe("what a program made is known again", () => {
  const rows: Readonly<Record<string, readonly [string, string]>> = {
    ext2: ["mkfs.ext2 -q -F", "a file system (ext2)"],
    ext3: ["mkfs.ext3 -q -F", "a file system (ext3)"],
    ext4: ["mkfs.ext4 -q -F", "a file system (ext4)"],
    "ext4 without a journal": ["mkfs.ext4 -q -F -O ^has_journal", "a file system (ext4)"],
    "busybox's ext2": ["/bin/busybox mke2fs -F", "a file system (ext2)"],
    vfat: ["/bin/busybox mkdosfs", "a file system (vfat)"],
    swap: ["mkswap", "swap space"],
  };
  for (const [what, [program, expected]] of Object.entries(rows)) {
    test(what, () => {
      const path = join(base, "device");
      writeFileSync(path, "");
      truncateSync(path, 16 * MIB);
      const [command = "", ...options] = program.split(" ");
      const { status, stderr } = spawnSync(command, [...options, path], {
        env: { PATH: "/sbin:/usr/sbin:/bin:/usr/bin" },
      });
      expect(`${status} ${status === 0 ? "" : stderr}`).toBe("0 ");
      expect(lookAt(readFileSync(path))).toBe(expected);
      rmSync(path);
    });
  }
});

describe("by its magic", () => {
  /** `bytes` at an offset; a negative one counts from the end. */
  const rows: readonly (readonly [what: string, at: number, bytes: string, expected: string])[] = [
    ["xfs", 0, "XFSB", "a file system (xfs)"],
    ["btrfs", 65600, "_BHRfS_M", "a file system (btrfs)"],
    ["f2fs", 1024, "\x10\x20\xf5\xf2", "a file system (f2fs)"],
    ["ntfs", 3, "NTFS    ", "a file system (ntfs)"],
    ["swap of a kernel with pages of 64 KiB", 65526, "SWAPSPACE2", "swap space"],
    ["LUKS", 0, "LUKS\xba\xbe\0\x02", "an encrypted device (LUKS)"],
    ["LVM", 512, "LABELONE", "a physical volume of LVM"],
    ["md with its superblock in front", 4096, "\xfc\x4e\x2b\xa9", "a member of a RAID (md)"],
    ["md with its superblock at the end", -8192, "\xfc\x4e\x2b\xa9", "a member of a RAID (md)"],
    ["gpt", 512, "EFI PART", "a partition table (gpt)"],
    ["msdos", 510, "\x55\xaa", "a partition table (msdos)"],
    ["a byte in the first mebibyte", 700_000, "x", "something of no known kind"],
    ["a byte in the last one", -700_000, "x", "something of no known kind"],
  ];
  for (const [what, at, text, expected] of rows) {
    test(what, () => {
      const bytes = Buffer.alloc(4 * MIB);
      bytes.write(text, at < 0 ? bytes.length + at : at, "latin1");
      expect(lookAt(bytes)).toBe(expected);
    });
  }

  test("zeros are nothing, however few", () => {
    for (const size of [0, 512, 4096, 3 * MIB]) expect(lookAt(Buffer.alloc(size))).toBe("nothing");
  });
});
