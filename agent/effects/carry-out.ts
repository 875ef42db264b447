import { Limiter } from "../concurrency.ts";
import type { Problem } from "../errors.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import { rowProblem } from "../plan/entry.ts";
import { LAYOUT } from "../plan/layout.ts";
import { formatOp, type Op } from "../plan/op.ts";
import type { Placed } from "../plan/place.ts";
import type { Plan } from "../plan/plan.ts";
import type { ReportBuilder } from "../report/report.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import type { Effects } from "./effects.ts";

/** Ops of one stage under way at the same time; each copy has many files under way by itself. */
const OPS_WIDTH = 16;

/**
 * Carries out a plan: the stages one after the other, what is in a stage side by side, the binds in order.
 * A row that fails is given up, with the rows that lie inside it; the others go on.
 * @returns a problem for each row that failed
 */
export async function carryOut(
  plan: Plan,
  effects: Effects,
  context: { readonly log: Log; readonly report: ReportBuilder; now(): number },
): Promise<Problem[]> {
  const parents = new Map(plan.placed.map((placed) => [placed.entry.row, placed.parent]));
  const failed = new Map<LitefileRow, Problem>();
  const limiter = new Limiter(OPS_WIDTH);
  const runOne = async (op: Op): Promise<void> => {
    if (failed.has(op.row)) return;
    const inside = failedParent(parents.get(op.row), failed);
    if (inside !== undefined) {
      failed.set(
        op.row,
        rowProblem(
          op.row,
          "parent-failed",
          `lies inside ${inside.path}, which failed`,
          "mend that row first",
        ),
      );
      return;
    }
    const start = context.now();
    context.report.opBegins(op);
    try {
      const { notes, ...done } = await effects.run(op);
      context.report.op(op, { ...done, milliseconds: context.now() - start });
      context.log.detail(formatOp(op));
      for (const note of notes) context.log.detail(`  ${note}`);
    } catch (error) {
      const reason = errorReason(error);
      context.report.op(op, { bytes: 0, files: 0, milliseconds: context.now() - start, failed: reason });
      failed.set(op.row, opProblem(op, reason, errorCode(error)));
    }
  };
  for (const stage of plan.stages) await Promise.all(stage.map((op) => limiter.run(() => runOne(op))));
  for (const op of plan.binds) await runOne(op);
  return [...failed.values()];
}

function failedParent(
  placed: Placed | undefined,
  failed: ReadonlyMap<LitefileRow, Problem>,
): LitefileRow | undefined {
  for (let up = placed; up !== undefined; up = up.parent) if (failed.has(up.entry.row)) return up.entry.row;
  return undefined;
}

function opProblem(op: Op, reason: string, code: string | undefined): Problem {
  // What cannot be remembered is a note: it never fails.
  const kind = op.kind === "remember" ? "seed" : op.kind;
  return rowProblem(op.row, `op-${kind}`, `${formatOp(op)}: ${reason}`, remedyFor(op, code));
}

/** A disk of the node's own is written to: no server and no export is the cause. */
function isOnLocalDisk(op: Op): boolean {
  const made = op.kind === "seed" ? op.to : op.kind === "mountpoint" ? op.at : undefined;
  return made?.tree === LAYOUT.localDisk;
}

function remedyFor(op: Op, code: string | undefined): string {
  if (op.kind === "overlay" && (code === "ENODEV" || code === "EINVAL")) {
    const why = code === "ENODEV" ? "has no overlay file system" : "refuses this overlay, dmesg says why";
    return `this kernel ${why}: build the initrd with its module overlay, or take "overlay" out of the row or of statelite.tmpfs`;
  }
  switch (code) {
    case "ENOSPC":
      if (isOnLocalDisk(op))
        return "make room on the node's local disk, or give [localspace] in the partition file more";
      return op.kind === "seed" || op.kind === "mountpoint"
        ? "make room in the persistent area"
        : "give the node more memory, or have litefile list less: the tmpfs is full";
    case "EDQUOT":
      return "raise the quota of the persistent area";
    case "EACCES":
    case "EPERM":
      return op.kind === "seed"
        ? "export the persistent area to this node read-write and with no_root_squash"
        : "export the source to this node with no_root_squash, so that root may read it";
    case "EROFS":
      if (isOnLocalDisk(op))
        return "the node's local disk is read-only: see in dmesg why, and check it with fsck in the shell";
      return op.kind === "seed"
        ? "export the persistent area read-write"
        : "check for a symlink in the source that leads into the read-only image";
    case "EEXIST":
      return op.kind === "seed"
        ? "somebody has put it into the state meanwhile: see whether another machine boots under this node's name, then boot again"
        : "something else is at its place: look into the source for it";
    case "EMFILE":
    case "ENFILE":
      return "look into the source for directories nested hundreds deep, and remove them: too many have to be open at the same time";
    case "ESTALE":
      return "what was exported has been replaced on the server: boot the node again";
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
      return `it is not what it was a moment ago: check whether somebody is changing the source${op.kind === "seed" ? ", or writes into this node's state on its server" : ""}; then boot again`;
    case "ELOOP":
      return op.kind === "seed"
        ? "check the source and the state for symlinks where none was wanted, and who else can write into this node's state on its server"
        : "check the source for a symlink where a directory was wanted";
    default:
      return "look at the object named, and at the server's log";
  }
}
