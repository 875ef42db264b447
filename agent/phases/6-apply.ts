import type { Phase } from "../context.ts";
import { carryOut } from "../effects/carry-out.ts";
import { LinuxEffects } from "../effects/linux.ts";
import { copyProgress } from "../effects/progress.ts";
import { StallWatch } from "../effects/stall.ts";
import { BootError } from "../errors.ts";
import type { Log } from "../log.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import type { Applied, Planned } from "../state.ts";
import { recordSeeds } from "../statearea/seeds.ts";

/** Copies, seeds, links and binds, as planned. */
export const applyPlan: Phase<Planned, Applied> = {
  name: "apply",
  async run(planned, { log, report, threads, now }) {
    const stall = new StallWatch(log, now);
    const progress = copyProgress(planned.needs, log, now);
    const effects = new LinuxEffects(planned.root, threads.calls, (op, bytes, files) => {
      stall.moved();
      progress(op, bytes, files);
    });
    try {
      await loadOverlay(planned, log);
      const problems = await carryOut(planned.plan, stall.watching(effects), { log, report, now });
      const failedRows = new Set(problems.map((problem) => problem.row));
      await recordSeeds(planned.root, planned.plan, failedRows, log);
      for (const problem of problems) log.problem(problem);
      report.problem(...problems);
      stopOn(problems, (problem) => endsBoot(problem, planned.options.settings.strict));
      return { ...planned, failedRows };
    } finally {
      stall.close();
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
