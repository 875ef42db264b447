import type { Chapter } from "./entry.ts";

/** What a boot mounts or downloads. */
export const MOUNTS = {
  "image-mount": {
    meaning: "The image could not be mounted in time.",
    cause: "The NFS server is down, does not export the directory to this node, or has no such directory.",
    remedy: "Check `exportfs -v` on the server, and `rootimgdir` in the linuximage table.",
  },
  volatile: {
    meaning: "The tmpfs for volatile files could not be mounted at `/.statelite`.",
    cause: "`liteimg` was never run for this image.",
    remedy: "Run `liteimg IMAGE`.",
  },
  "state-mount": {
    meaning: "The node's persistent area could not be mounted, or its directory could not be made there.",
    cause: "STATEMNT is not exported read-write and without `root_squash`, or its server is down.",
    remedy: "Check the export, and the statelite table.",
  },
  "state-read-only": {
    meaning: "The node's state cannot be written to. Nothing was.",
    cause: "It is exported read-only or with `root_squash`, or MNTOPTS has `ro`.",
    remedy: "Correct the export or `mntopts`.",
  },
  "state-full": {
    meaning: "The persistent area is full, or the node's quota of it is used up. Nothing was written.",
    cause: "Logs, most of the time.",
    remedy: "Make room, or raise the quota.",
  },
  "state-area": {
    meaning: "The node's state is not what a state directory is.",
    cause: "Something else is in the place of `.statelite` there, or the server fails.",
    remedy: "Do what the message says for the case.",
  },
  "state-owner": {
    meaning: "The state is that of another node. Nothing was written.",
    cause: "A wrong `statemnt`, or a node that was renamed.",
    remedy: "Correct the statelite table; after a rename remove `.statelite/owner.json` in the state.",
  },
  "state-lease": {
    meaning:
      "Another machine booted under this node's name before. With `statelite.strict=1` that ends the boot for an hour.",
    cause: "Two machines with one name, or one that was replaced.",
    remedy: "Correct `NODE=` or the MAC address in the tables. After a replacement nothing has to be done.",
  },
  "source-mount": {
    meaning:
      "A litetree source could not be mounted. With `required` in its mntopts that ends the boot; else entries that nothing else serves become problems of their own.",
    cause: "Its server is down, or does not export the directory to this node.",
    remedy: "Correct the row of the litetree table, or export the directory read-only.",
  },
  "ramdisk-download": {
    meaning: "The image for a root in memory could not be downloaded.",
    cause: "The web server is down, has no such file, or proves to be another than it should.",
    remedy: "Try the address in `imgurl=` from another machine; run `packimage` again.",
  },
  "ramdisk-compression": {
    meaning: "The downloaded image cannot be decompressed.",
    cause: "A file that is damaged or cut short on the web server.",
    remedy: "Run `packimage` again.",
  },
  "ramdisk-archive": {
    meaning: "The downloaded image is no archive that the agent knows, or a damaged one.",
    cause: "A file of another kind, or one that was packed half-finished.",
    remedy: "Run `packimage` again; cpio, tar and squashfs are understood.",
  },
  "ramdisk-space": {
    meaning: "The image does not fit into the root in memory.",
    cause: "Too little memory, or a `rootlimit=` that is too small.",
    remedy: "Raise `rootlimit=`, give the node more memory, or take something out of the image.",
  },
  "ramdisk-unpack": {
    meaning: "Something of the image could not be written into the root in memory.",
    cause: "An archive with entries that contradict each other.",
    remedy: "Run `packimage` again.",
  },
} as const satisfies Chapter;
