import { spawnSync } from "node:child_process";
import invariant from "tiny-invariant";

/**
 * What is in a tree, as GNU find and stat say it: observers that share no code with the agent. Names and
 * values are latin-1, one character a byte.
 */

/** Path below the top, to everything that a copy keeps. */
export type Inventory = Readonly<Record<string, string>>;

/** Kind, mode, owner, links, symlink text, device, size and times. Of a directory size and link count are the file system's. */
export function inventory(top: string): Inventory {
  const common = "%P\\0%y %m %U:%G mtime %T@";
  const directories = ["-type", "d", "-printf", `${common}\\0`];
  const others = ["-printf", `${common} atime %A@ links %n size %s to %l\\0`];
  const words = run("/usr/bin/find", [top, "(", ...directories, ")", "-o", "(", ...others, ")"]).split("\0");
  const found: Record<string, string> = {};
  for (let i = 0; i + 1 < words.length; i += 2) found[`/${words[i]}`] = words[i + 1] ?? "";
  return found;
}

/** The sets of names that are one inode, where there are several. */
export function hardLinks(top: string): string[][] {
  const byInode = new Map<string, string[]>();
  const words = run("/usr/bin/find", [top, "!", "-type", "d", "-printf", "%i\\0%P\\0"]).split("\0");
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [inode = "", name = ""] = words.slice(i, i + 2);
    byInode.set(inode, [...(byInode.get(inode) ?? []), name]);
  }
  return [...byInode.values()].filter((names) => names.length > 1).map((names) => names.sort());
}

/** Device numbers of the devices in a tree, `major:minor` in hexadecimal. */
export function devices(top: string): string[] {
  const nodes = run("/usr/bin/find", [top, "-type", "b", "-o", "-type", "c"]).split("\n").filter(Boolean);
  return nodes.length === 0
    ? []
    : run("/usr/bin/stat", ["-c", "%n %F %t:%T", ...nodes.sort()])
        .replaceAll(top, "")
        .split("\n");
}

/** Checksums of the regular files. */
export function checksums(top: string): string[] {
  const text = run("/bin/sh", ["-c", 'cd "$1" && find . -type f -exec md5sum {} +', "sh", top]);
  return text.split("\n").sort();
}

/** Kibibytes that a file takes. */
export function space(path: string): number {
  return Number(run("/usr/bin/stat", ["-c", "%b", path])) / 2;
}

/** Runs a program to its end, and gives what it printed. */
export function run(program: string, words: readonly (string | Buffer)[]): string {
  const { status, stdout, stderr } = spawnSync(program, words as string[], { maxBuffer: 1 << 28 });
  invariant(status === 0, `${program} ${words.join(" ")}: ${stderr.toString()}`);
  return stdout.toString("latin1");
}
