import { readFile } from "node:fs/promises";
import { type BootError, fatal } from "../agent/errors.ts";
import { errorCode } from "../agent/kernel/errno.ts";

/**
 * A file that was named on the command line; a pipe of the shell's (`<(…)`) is one, too.
 *
 * @param refuse makes the error of its caller from what was found
 */
export async function readGiven(path: string, refuse: (found: string) => BootError): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw refuse(foundOf(error));
  }
}

/** What the system said of a file, with the plain word before the code where people meet it often. */
export function foundOf(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "no such file";
  const plain = code === undefined ? undefined : PLAIN.get(code);
  if (plain !== undefined) return `${plain} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

const PLAIN = new Map([
  ["EISDIR", "it is a folder, not a file"],
  ["ENOTDIR", "what should be a folder is a file"],
  ["EEXIST", "what should be a folder is a file"],
  ["EACCES", "permission denied"],
  ["EPERM", "not permitted"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the quota is used up"],
]);

/**
 * What the system refuses anywhere in the builder, as a problem; undefined where it was not the system, and the
 * builder itself is wrong.
 */
export function systemProblem(error: unknown): BootError | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) return undefined;
  const { path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const on = dest ?? path ?? "a file";
  return fatal(
    "builder-files",
    { doing: "build", on, found: foundOf(error), remedy: remedyOf(error) },
    error,
  );
}

function remedyOf(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return "make room: out/ takes half a gigabyte; then run it again";
    case "EACCES":
    case "EPERM":
      return "run it as the user whose it is, or give it to yours with chown; a build by root leaves root's files in out/";
    default:
      return "correct the path, or give another with the option for it (npm run build -- --help)";
  }
}
