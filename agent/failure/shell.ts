import { readFileSync } from "node:fs";
import { errorCode } from "../kernel/errno.ts";

/**
 * The shell on the console. Whether there is one was decided when the initrd was built (`--shell`): the kernel
 * command line belongs to whoever stands at the machine, or at the boot server.
 */

/** `password`: that of root in the initrd's /etc/shadow. */
export type ShellLock = "allowed" | "password" | "refused";

/** One word, written by the builder. */
export const LOCK_FILE = "/etc/statelite/shell";

/** An initrd without the file was built before there were locks; one that cannot be understood is locked. */
export function readShellLock(file = LOCK_FILE): ShellLock {
  try {
    const word = readFileSync(file, "utf8").trim();
    return word === "allowed" || word === "password" ? word : "refused";
  } catch (error) {
    return errorCode(error) === "ENOENT" ? "allowed" : "refused";
  }
}

/** A session of its own with the console as its terminal, so that job control works. */
const SESSION = ["/bin/busybox", "setsid", "/bin/busybox", "cttyhack", "/bin/busybox"];

/** sulogin(8) gives up after so many seconds without a password: a boot that only pauses goes on. */
const PROGRAMS = { allowed: ["sh", "-l"], password: ["sulogin", "-t", "300"] } as const;

/** A shell, or one behind a password; returns when it is left. */
export async function runShell(lock: Exclude<ShellLock, "refused">): Promise<void> {
  const shell = Bun.spawn([...SESSION, ...PROGRAMS[lock]], {
    stdio: ["inherit", "inherit", "inherit"],
    env: { ...process.env, PS1: "statelite# " },
  });
  await shell.exited;
}
