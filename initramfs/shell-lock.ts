import { fatal } from "../agent/errors.ts";
import type { CpioEntry } from "./cpio.ts";
import { readGiven } from "./given-file.ts";
import type { ShellOption } from "./options.ts";

/**
 * What says who may use the shell on the console: agent/failure/shell.ts reads the word, sulogin(8) the password.
 *
 * @throws BootError where the file holds no hash
 */
export async function shellLock(shell: ShellOption): Promise<CpioEntry[]> {
  const word: CpioEntry = {
    kind: "file",
    path: "etc/statelite/shell",
    mode: 0o644,
    data: Buffer.from(`${shell.lock}\n`),
  };
  if (shell.lock !== "password") return [word];
  const hash = await readHash(shell.hashFile);
  const shadow = Buffer.from(`root:${hash}:::::::\n`);
  return [word, { kind: "file", path: "etc/shadow", mode: 0o600, data: shadow }];
}

/** Those of crypt(5) that busybox knows and that take an attacker's time: anyone can fetch an initrd. */
const HASH = /^\$[56]\$(?:rounds=\d+\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43,86}$/;

async function readHash(path: string): Promise<string> {
  const refuse = (found: string) =>
    fatal("shell-hash", {
      doing: "put the shell's password into the initrd",
      on: path,
      found,
      remedy: "make the file with: mkpasswd -m sha-512 > FILE",
    });
  const text = (await readGiven(path, refuse)).toString().trim();
  // The text itself is not shown: it may be a password.
  if (!HASH.test(text)) throw refuse("no SHA-256 or SHA-512 hash of crypt(5)");
  return text;
}
