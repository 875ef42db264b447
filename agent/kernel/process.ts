import type { Pointer } from "bun:ffi";
import { REBOOT } from "./constants.ts";
import { check, cstring, libc, ptr } from "./libc.ts";

/** The last acts of the first process: another root, another program, another boot. */

/** chroot(2); chdir is the caller's. @throws SystemError */
export function chroot(path: string): void {
  const p = cstring(path);
  check(libc.chroot(ptr(p)), () => `chroot(${path})`);
}

const RLIMIT_NOFILE = 7;
/** What the kernel gives its first process (include/uapi/linux/fs.h, INR_OPEN_CUR); Bun raises it to what is allowed. */
const USUAL_FILES = 1024n;
/** The kernel's own bound, where nobody has changed it (fs.nr_open). */
const MANY_FILES = 1n << 20n;

/**
 * Lets this process have as many files open as the kernel lets anybody: every level of a tree that is copied takes two,
 * and the first process may have 4096 where nobody says more. Where it may not have more, what it has is enough for
 * trees that are no attack.
 * @returns gives the next program what programs expect: a larger number breaks select(2), and those that close them all
 */
export function allowManyFiles(): () => void {
  const before = new BigUint64Array(2);
  check(libc.getrlimit(RLIMIT_NOFILE, ptr(before)), () => "getrlimit(RLIMIT_NOFILE)");
  const hard = before[1] ?? USUAL_FILES;
  if (hard < MANY_FILES) libc.setrlimit(RLIMIT_NOFILE, ptr(new BigUint64Array([MANY_FILES, MANY_FILES])));
  return () => {
    const usual = new BigUint64Array([hard < USUAL_FILES ? hard : USUAL_FILES, hard]);
    libc.setrlimit(RLIMIT_NOFILE, ptr(usual));
  };
}

const SIGNALS = 64;
const SIG_DFL = 0;
const SIG_SETMASK = 2;

/**
 * execve(2) of the real init: default signal dispositions (Bun ignores SIGPIPE and SIGXFSZ, and an ignored
 * signal stays ignored across exec), an empty signal mask, and only this environment. Does not return.
 * @throws SystemError
 */
export function exec(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): never {
  for (let signal = 1; signal <= SIGNALS; signal++) {
    // SIGKILL and SIGSTOP cannot be set, and glibc keeps 32 and 33 to itself: their refusal changes nothing.
    libc.signal(signal, SIG_DFL);
  }
  const none = new BigUint64Array(16);
  libc.sigprocmask(SIG_SETMASK, ptr(none), null);
  const p = cstring(path);
  const argv = pointers(args);
  const envp = pointers(Object.entries(environment).map(([name, value]) => `${name}=${value}`));
  check(libc.execve(ptr(p), argv.pointer, envp.pointer), () => `execve(${path}, [${args.join(" ")}])`);
  throw new Error(`execve(${path}) returned without an error`);
}

/** A NULL-terminated array of C strings; `keep` holds the memory for as long as the pointer is in use. */
function pointers(strings: readonly string[]): { pointer: Pointer; keep: Buffer[]; array: BigUint64Array } {
  const keep = strings.map(cstring);
  const array = new BigUint64Array([...keep.map((s) => BigInt(ptr(s))), 0n]);
  return { pointer: ptr(array), keep, array };
}

/** reboot(2), which does not sync. Returns only where the kernel refuses. @throws SystemError */
export function restartMachine(how: "reboot" | "poweroff" | "halt"): void {
  const command = { reboot: REBOOT.RESTART, poweroff: REBOOT.POWER_OFF, halt: REBOOT.HALT }[how];
  check(libc.reboot(command), () => `reboot(${how})`);
}
