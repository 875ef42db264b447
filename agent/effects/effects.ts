import type { Op } from "../plan/op.ts";

/** What carrying out one op came to. */
export interface Done {
  /** Bytes of file content written. */
  readonly bytes: number;
  /** Inodes made. */
  readonly files: number;
  /** What was left out or could not be kept, for the log: a socket, an attribute the file system refuses. */
  readonly notes: readonly string[];
}

/** Carries out ops: for real (linux.ts), or only into a list (recorder.ts). */
export interface Effects {
  /** @throws SystemError or another Error that says what was done on what */
  run(op: Op): Promise<Done>;
}

export const NOTHING_DONE: Done = { bytes: 0, files: 0, notes: [] };
