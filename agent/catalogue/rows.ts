import type { Chapter } from "./entry.ts";

/** What is wrong with single rows, before, while and after they are placed. */
export const ROWS = {
  "litefile-path": {
    meaning: "A litefile row has a path that it cannot have.",
    cause:
      "A relative path, `..`, a control character, the root itself, a name of over 255 bytes, or a path of the agent's own, be it by a link of the image.",
    remedy: "Correct the row with `tabedit litefile`.",
  },
  "litefile-options": {
    meaning: "A litefile row has options that mean nothing together.",
    cause: "A typing error, or a pair that `liteimg` refuses, too.",
    remedy: "Correct the row with `tabedit litefile`.",
  },
  "litefile-con": {
    meaning: "A `con` row is for a directory; only files can be put one behind the other.",
    cause: "A path that ends in a slash, or is a directory in a source.",
    remedy: "Name the files in rows of their own.",
  },
  "litefile-duplicate": {
    meaning: "The same path has two rows; the first is used.",
    cause: "Two ways to write one path, or a link of the image that makes two paths one.",
    remedy: "Keep one of them.",
  },
  "litefile-nesting": {
    meaning: "A row lies below another one with which it cannot go.",
    cause: "For example a `tmpfs` row below a `persistent` one.",
    remedy: "Change the option of one of the two; the message says what may lie below what.",
  },
  "litetree-row": {
    meaning: "A litetree row could not be understood, and is left out.",
    cause: "A directory that is not written as `server:/directory`.",
    remedy: "Correct the row with `tabedit litetree`.",
  },
  "litetree-undefined": {
    meaning: "The server could not fill in a variable of a litetree row.",
    cause: "A `$` that names an attribute which this node has not.",
    remedy: "Give the node the attribute, or correct the row.",
  },
  unresolved: {
    meaning: "No source, nor the image's defaults, has what a row names.",
    cause: "A file that was never put there, or a source that could not be mounted.",
    remedy: "Put it into one of the places that the message names, or remove the row.",
  },
  "source-look": {
    meaning:
      "A place of the search could not be looked at, so that nobody can say whether it has what a row names.",
    cause:
      "A directory that was replaced on the server while the node booted (ESTALE), or that root may not read there.",
    remedy: "Boot the node again; export the directory with `no_root_squash`.",
  },
  "target-missing": {
    meaning: "The read-only image has nothing at the path of a row that something could be mounted on.",
    cause: "`liteimg` was not run after the row was added.",
    remedy: "Run `liteimg IMAGE` again.",
  },
  "target-left": {
    meaning:
      "The image has a symbolic link that `liteimg` made for a row, and no row is for it any more. Only `plan` says it.",
    cause: "`liteimg` was not run after a row with `link` was removed: on the node the link leads nowhere.",
    remedy: "Run `liteimg IMAGE` again, which puts back what was there.",
  },
  "target-kind": {
    meaning: "The image has a file where the content is a directory, or the other way round.",
    cause: "A path without its final slash, or with one too many.",
    remedy: "Make both the same, and run `liteimg IMAGE` again.",
  },
  "state-kind": {
    meaning: "The state has something of another kind than the row says.",
    cause: "Somebody changed a file to a directory on the node, or the row was changed.",
    remedy: "Move what is there away by hand; the agent never removes state.",
  },
  "state-none": {
    meaning: "A row is `persistent`, and the node has no persistent area.",
    cause: "The statelite table has no row for the node.",
    remedy: "Add one, or change the row's option.",
  },
  "localdisk-none": {
    meaning: "A row is `localdisk`, and the node has no local disk.",
    cause: "No partition file, or no `PARTITION_*` on the command line.",
    remedy: "Set them up, or change the row's option.",
  },
  "plan-size": {
    meaning: "There are more rows and sources than can be looked through in the node's memory.",
    cause:
      "A litefile of single files with a litetree of very many sources, or a table that was filled by mistake.",
    remedy: "Name directories in litefile, and take sources out of litetree.",
  },
  "tmpfs-budget": {
    meaning: "What is to be copied into memory does not fit there. Nothing was copied.",
    cause: "Large directories with `tmpfs`, or a node with little memory.",
    remedy: "Add `overlay` to the row of the largest, or list smaller directories.",
  },
  "op-copy": {
    meaning: "Something could not be copied into memory.",
    cause: "A server that went away or does not let root read, or memory that is full.",
    remedy: "Do what the message says for the case.",
  },
  "op-seed": {
    meaning: "Something could not be copied into the state, which then has nothing of it.",
    cause: "A persistent area that is full, read-only, over its quota, or exported with `root_squash`.",
    remedy: "Do what the message says for the case.",
  },
  "op-overlay": {
    meaning: "An overlay could not be mounted.",
    cause: "The initrd has no module `overlay`, or the kernel refuses what lies below it.",
    remedy: "Build the initrd with that module, or take the word `overlay` out of the row.",
  },
  "op-concatenate": {
    meaning: "The files of a `con` row could not be put one behind the other.",
    cause: "As for `op-copy`.",
    remedy: "Do what the message says for the case.",
  },
  "op-symlink": {
    meaning: "A symbolic link in the tmpfs could not be made.",
    cause: "Something else is at its place: a row's copy holds it already.",
    remedy: "Look into the source for something at the path that the message names.",
  },
  "op-mountpoint": {
    meaning: "What something is to be mounted on could not be made.",
    cause: "A link in a source where a directory was wanted, or an area that is full.",
    remedy: "Do what the message says for the case.",
  },
  "op-bind": {
    meaning: "Something could not be mounted at its path.",
    cause: "The path has changed in the image since it was looked at.",
    remedy: "Run `liteimg IMAGE` again, and see whether somebody is changing the image.",
  },
  "seed-changed": {
    meaning: "What a node's state was seeded from is another one now. The state is kept.",
    cause: "A new image or a changed source, and `statelite.reseed` is not `keep`.",
    remedy: "To have it seeded again, move it away in the node's state.",
  },
  "parent-failed": {
    meaning: "A row was given up, as the one that it lies in has failed.",
    cause: "The problem of that other row.",
    remedy: "Mend that one.",
  },
  "source-changed": {
    meaning: "A source was changed while the node booted. The node has what was there before.",
    cause: "An administrator at work.",
    remedy: "Boot again if the node must have the change.",
  },
  verify: {
    meaning: "After everything was placed, a path was not what the plan had promised.",
    cause: "Something has changed the node's root meanwhile, or a mistake in the agent.",
    remedy: "Look into `statelite.log` for what was done to that path.",
  },
} as const satisfies Chapter;
