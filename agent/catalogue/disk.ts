import type { Chapter } from "./entry.ts";

/** Section 7 of the semantics: a disk is never cleared where nobody said so. */
export const DISK = {
  "partition-file": {
    meaning: "The partition file cannot be used.",
    cause: "A mistake in it, or the server does not give it to this node.",
    remedy: "Correct the line that the message names.",
  },
  "local-disk": {
    meaning: "The disk is not what the partition file says, and nothing was changed.",
    cause: "Another disk than expected, one that holds something else, or a tool that the image lacks.",
    remedy: "Correct the file; `enablepart=yes` with `clear=yes` lets the disk be cleared for one boot.",
  },
  "local-disk-partition": {
    meaning: "A partition table could not be written.",
    cause: "A disk in use or broken.",
    remedy: "Look at what the tool and the kernel said.",
  },
  "local-disk-mkfs": {
    meaning: "A file system could not be made.",
    cause: "A disk that is broken, or a tool that refuses it.",
    remedy: "Look at what the tool said.",
  },
  "local-disk-mkswap": {
    meaning: "Swap space could not be made.",
    cause: "As for `local-disk-mkfs`.",
    remedy: "Look at what the tool said.",
  },
  "local-disk-mount": {
    meaning: "The local disk could not be mounted.",
    cause: "A damaged file system, or a driver that is not in the initrd.",
    remedy: "Check it with `fsck` in the shell, or build the initrd with `--module`.",
  },
  "local-disk-swapon": {
    meaning: "Swap space could not be switched on.",
    cause: "A partition that holds something else.",
    remedy: "Correct `[swapspace]` in the partition file.",
  },
  "local-disk-script": {
    meaning: "The script of a partition file with `type=script` failed.",
    cause: "What the script said, which the message quotes.",
    remedy: "Mend the script.",
  },
} as const satisfies Chapter;
