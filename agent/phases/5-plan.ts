import type { Phase } from "../context.ts";
import { look } from "../observe/look.ts";
import { lookAtTargets } from "../observe/targets.ts";
import { makePlan, type Plan, prepare } from "../plan/plan.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import type { Planned, Queried } from "../state.ts";

/** Questions to the trees under way at the same time. */
const LOOK_WIDTH = 64;

/** Looks at everything that decides, then decides it. */
export const planEntries: Phase<Queried, Planned> = {
  name: "plan",
  async run(queried, { log, report }) {
    const plan = await planFor(queried);
    report.planned(plan);
    for (const problem of plan.problems) log.problem(problem);
    report.problem(...plan.problems);
    for (const { entry, winners, placement } of plan.placed) {
      log.detail(
        `${entry.row.options} ${entry.row.path}: ${winners.map((w) => w.name).join(" + ")}, ${placement}`,
      );
    }
    stopOn(plan.problems, (problem) => endsBoot(problem, queried.options.settings.strict));
    return { ...queried, plan };
  },
};

/** The plan for some tables and trees; changes nothing. */
export async function planFor(
  queried: Omit<Queried, "options" | "names" | "trust" | "mountSource" | "node">,
): Promise<Plan> {
  const { root, tables, sources, state, localDisk } = queried;
  const own = { ...(state !== undefined && { state }), ...(localDisk !== undefined && { localDisk }) };
  const mounted = sources.filter((source) => source.unavailable === undefined).map((source) => source.tree);
  const { entries, questions } = prepare(tables.litefile, { sources: mounted, ...own });
  const [seen, targets] = await Promise.all([
    look(root, questions, LOOK_WIDTH),
    lookAtTargets(
      root,
      entries.map((entry) => entry.path),
    ),
  ]);
  return makePlan({ rows: tables.litefile, sources, seen, targets, ...own });
}
