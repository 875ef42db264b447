import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

/** Error numbers that Node's table leaves out and the agent meets: NFS and mounts (errno.h). */
const MORE: Readonly<Record<number, readonly [string, string]>> = {
  15: ["ENOTBLK", "block device required"],
  85: ["ERESTART", "interrupted system call should be restarted"],
  108: ["ESHUTDOWN", "cannot send after transport endpoint shutdown"],
  112: ["EHOSTDOWN", "host is down"],
  116: ["ESTALE", "stale file handle"],
  121: ["EREMOTEIO", "remote I/O error"],
  123: ["ENOMEDIUM", "no medium found"],
  126: ["ENOKEY", "required key not available"],
};

/** Some numbers have two names (EAGAIN and EWOULDBLOCK): the first of the alphabet is the one of the manual pages. */
const names = new Map<number, string>(
  Object.entries(constants.errno)
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([name, number]): [number, string] => [number, name]),
);

/** The symbolic name of an error number, `EACCES`; `errno 4711` where it has none. */
export function errnoName(number: number): string {
  return names.get(number) ?? MORE[number]?.[0] ?? `errno ${number}`;
}

/** What the number means, in the words of the C library: `permission denied`. */
export function errnoText(number: number): string {
  return getSystemErrorMap().get(-number)?.[1] ?? MORE[number]?.[1] ?? "unknown error";
}

/** The number of a symbolic name; throws where the name is unknown, as that is a mistake in this program. */
export function errnoNumber(name: string): number {
  for (const [number, known] of names) if (known === name) return number;
  throw new RangeError(`no error number is called ${name}`);
}

/**
 * A system call that failed. The message holds the call with every argument, the symbolic name and its
 * meaning: `mount(10.0.0.1:/img, /sysroot, nfs, ro, vers=4.2): EACCES, permission denied`.
 */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly call: string;
  readonly errno: number;
  /** Symbolic name, as Node's own errors carry it. */
  readonly code: string;

  constructor(call: string, errno: number) {
    super(`${call}: ${errnoName(errno)}, ${errnoText(errno)}`);
    this.call = call;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

/** The symbolic error name that a failed call carries, Node's or ours; undefined for other errors. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return undefined;
}

/** `EACCES, permission denied` for a failed call, the message for any other error. */
export function errorReason(error: unknown): string {
  const code = errorCode(error);
  for (const [number, name] of names) if (name === code) return `${name}, ${errnoText(number)}`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * Whether a path was looked for and cannot exist: nothing there, something that is no directory on the way, links that
 * lead in a circle, a name longer than any can be.
 */
export function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(errorCode(error) ?? "");
}

/** For a look at what may not be there. */
export function unlessMissing(error: unknown): undefined {
  if (errorCode(error) !== "ENOENT") throw error;
}
