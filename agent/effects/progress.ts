import type { Log } from "../log.ts";
import { type CopyOp, type Need, sum } from "../plan/budget.ts";
import { formatOp, type Op } from "../plan/op.ts";
import { Progress } from "../progress.ts";

/** Told after each file of a copy: its op, and what that one has come to so far. */
export type CopyProgress = (op: Op, bytes: number, files: number) => void;

/**
 * Says on the console how much of everything is copied, and what is being copied.
 * @param needs what each copy takes
 * @param now milliseconds
 */
export function copyProgress(needs: ReadonlyMap<CopyOp, Need>, log: Log, now: () => number): CopyProgress {
  const progress = new Progress(log, now);
  const total = sum(needs.values());
  const copied = new Map<Op, { readonly bytes: number; readonly files: number }>();
  return (op, bytes, files) => {
    copied.set(op, { bytes, files });
    progress.tell(() => {
      const sumOf = (key: "bytes" | "files") => copied.values().reduce((so, one) => so + one[key], 0);
      const done = `${sumOf("files")} of ${total.inodes} files, ${megabytes(sumOf("bytes"))} of ${megabytes(total.bytes)} MB`;
      return `copied ${done}; now ${formatOp(op)}`;
    });
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
