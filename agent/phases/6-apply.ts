import type { Phase } from "../context.ts";
import { carryOut } from "../effects/carry-out.ts";
import { LinuxEffects } from "../effects/linux.ts";
import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { sum } from "../plan/budget.ts";
import { formatOp, type Op } from "../plan/op.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import { Progress } from "../progress.ts";
import type { Applied, Planned } from "../state.ts";

/** Copies, seeds, links and binds, as planned. */
export const applyPlan: Phase<Planned, Applied> = {
  name: "apply",
  async run(planned, { log, report, threads, now }) {
    const effects = new LinuxEffects(planned.root, threads.calls, progressOf(planned, log, now));
    try {
      await loadOverlay(planned, log);
      const problems = await carryOut(planned.plan, effects, { log, report, now });
      for (const problem of problems) log.problem(problem);
      report.problem(...problems);
      stopOn(problems, (problem) => endsBoot(problem, planned.options.settings.strict));
      return { ...planned, failedRows: new Set(problems.map((problem) => problem.row)) };
    } finally {
      await effects.close();
    }
  },
};

/** Says how much of everything is copied, and what is being copied. */
function progressOf({ needs }: Planned, log: Log, now: () => number) {
  const progress = new Progress(log, now);
  const total = sum(needs.values());
  const copied = new Map<Op, { readonly bytes: number; readonly files: number }>();
  return (op: Op, bytes: number, files: number): void => {
    copied.set(op, { bytes, files });
    progress.tell(() => {
      const all = [...copied.values()];
      const sumOf = (key: "bytes" | "files") => all.reduce((so, one) => so + one[key], 0);
      const done = `${sumOf("files")} of ${total.inodes} files, ${megabytes(sumOf("bytes"))} of ${megabytes(total.bytes)} MB`;
      return `copied ${done}; now ${formatOp(op)}`;
    });
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** Where the module cannot be had, the rows that need it say so: the boot may be able to go on without them. */
async function loadOverlay({ plan, loadModules }: Planned, log: Log): Promise<void> {
  if (loadModules === undefined || plan.placed.every(({ upper }) => upper === undefined)) return;
  try {
    await loadModules(["overlay"]);
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    for (const problem of error.problems) log.problem({ ...problem, class: "note" });
  }
}
