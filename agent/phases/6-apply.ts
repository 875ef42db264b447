import type { Phase } from "../context.ts";
import { carryOut } from "../effects/carry-out.ts";
import { LinuxEffects } from "../effects/linux.ts";
import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { formatOp } from "../plan/op.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import type { Applied, Planned } from "../state.ts";

/** Something is said on the console about a copy that takes longer, and again after each such time. */
const PROGRESS_MS = 2000;

/** Copies, seeds, links and binds, as planned. */
export const applyPlan: Phase<Planned, Applied> = {
  name: "apply",
  async run(planned, { log, report, threads, now }) {
    let said = now();
    const effects = new LinuxEffects(planned.root, threads.calls, (op, bytes, files) => {
      if (now() - said < PROGRESS_MS) return;
      said = now();
      log.say(`${formatOp(op)}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB so far`);
    });
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
