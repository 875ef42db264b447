import { errorCode, errorReason } from "../kernel/errno.ts";
import type { NfsAttempt } from "./nfs-options.ts";

/** Why a directory could not be mounted; `absent` where a server answered that it is not there. */
export class NfsError extends Error {
  override readonly name = "NfsError";
  readonly absent: boolean;
  readonly remedy: string;

  constructor(found: string, remedy: string, absent: boolean) {
    super(found);
    this.absent = absent;
    this.remedy = remedy;
  }
}

/** A failure that time may mend. */
export class Passing extends NfsError {}

/** The server is there, but speaks no such version. */
export function unsupported(host: string, version: string): NfsError {
  return new NfsError(
    `${host} does not offer NFS ${version}`,
    "correct vers= in the mount options, or enable that version on the server",
    false,
  );
}

/** The failure that says most: one of the protocol version only where nothing else was said. */
export function mostTelling(failures: readonly NfsError[]): NfsError | undefined {
  return failures.find((failure) => !failure.message.includes("does not offer NFS")) ?? failures[0];
}

/** What a failed mount(2) means to an administrator, and whether it may pass. */
export function explain(error: unknown, source: string, attempt: NfsAttempt, address: string): NfsError {
  const reason = `${source}: ${errorReason(error)} (NFS ${attempt.version}, server address ${address})`;
  switch (errorCode(error)) {
    case "ENOENT":
      return new NfsError(
        `${source} does not exist on the server, or is not exported (NFS ${attempt.version})`,
        "check the path and the server's exports (showmount -e, exportfs -v)",
        true,
      );
    case "ENOTDIR":
      return new NfsError(
        `${source} is no directory on the server (NFS ${attempt.version})`,
        "move away what is there on the server, or correct the path",
        false,
      );
    case "EACCES":
    case "EPERM":
      return new NfsError(
        `access denied by the server: ${reason}`,
        "export it to this node's address (exportfs -v on the server)",
        false,
      );
    case "EPROTONOSUPPORT":
      return unsupported(source, attempt.version);
    case "ENODEV":
      return new NfsError(
        `this kernel has no NFS ${attempt.version}: ${reason}`,
        "build the initrd with the modules nfsv3 and nfsv4 of this kernel",
        false,
      );
    case "EINVAL":
      return new NfsError(
        `the kernel refuses the mount options "${attempt.data}": ${reason}`,
        "correct the mount options",
        false,
      );
    default:
      return new Passing(reason, "check that the server is up and reachable from this node", false);
  }
}
