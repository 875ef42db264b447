import type { Chapter } from "./entry.ts";

/** Command line, deadline, the hand-over, and what nobody foresaw. */
export const BOOT = {
  "cmdline-value": {
    meaning: "A parameter on the kernel command line has a value that it cannot have.",
    cause: "A typing error in `bootparams`, `noderes` or `linuximage`, or a parameter of another agent.",
    remedy: "Correct the parameter that the message names; it also says what would do. Run `nodeset` again.",
  },
  "cmdline-note": {
    meaning: "A parameter on the command line has no effect, or another one than it seems to have.",
    cause: "An old parameter, or two that say the same in different ways.",
    remedy: "Nothing has to be done; the message says which one counts.",
  },
  deadline: {
    meaning: "The boot as a whole took longer than `statelite.deadline`.",
    cause: "A server that answers very slowly, or an NFS server that went away while files were being read.",
    remedy: "See in the lines above what was under way, and look at that server; or raise the setting.",
  },
  unforeseen: {
    meaning: "The agent met something that it was not written for. Its stack is in the log.",
    cause: "A mistake in the agent, or memory that is broken or used up.",
    remedy: "Keep the console's output, or the lines in the remote syslog, and report it.",
  },
  "init-missing": {
    meaning: "The image has no program to hand over to, or lacks `/dev`, `/proc` or `/sys`.",
    cause: "An image that was packed half-finished, or `init=` with a wrong path.",
    remedy: "Install an init (`systemd-sysv`) into the image, or correct `init=`.",
  },
  "switch-root": {
    meaning: "The agent is not where it could hand over from: it is not the first process of an initramfs.",
    cause: "`statelite-agent init` was started by hand, or from an initrd that is not its own.",
    remedy: "Use `statelite-agent apply` there.",
  },
  "module-lists": {
    meaning: "The initrd has no kernel modules for the kernel that runs.",
    cause: "Kernel and initrd are of different versions.",
    remedy: "Build the initrd for this kernel with `--kernel`, and copy both to the boot server together.",
  },
  "module-load": {
    meaning: "A kernel module could not be loaded.",
    cause: "It is not in the initrd, is on a blacklist, or is refused by a locked-down kernel.",
    remedy: "Build the initrd with `--module NAME`. Where nothing needs the module, nothing has to be done.",
  },
} as const satisfies Chapter;
