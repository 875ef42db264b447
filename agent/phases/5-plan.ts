import type { Settings } from "../cmdline/options.ts";
import type { Phase } from "../context.ts";
import { look } from "../observe/look.ts";
import { lookAtTargets } from "../observe/targets.ts";
import { makePlan, type Plan, prepare } from "../plan/plan.ts";
import { endsBoot } from "../plan/severity.ts";
import { stopOn } from "../problems.ts";
import { appearance } from "../report/entries.ts";
import type { Planned, Queried } from "../state.ts";

/** Questions to the trees under way at the same time. */
const LOOK_WIDTH = 64;

/** Looks at everything that decides, then decides it. */
export const planEntries: Phase<Queried, Planned> = {
  name: "plan",
  async run(queried, { log, report }) {
    const plan = await planFor(queried, queried.options.settings.tmpfs);
    report.planned(plan);
    for (const problem of plan.problems) log.problem(problem);
    report.problem(...plan.problems);
    for (const placed of plan.placed) {
      const { entry, winners } = placed;
      const from = winners.map((winner) => winner.name).join(" + ");
      log.detail(`${entry.row.options} ${entry.row.path}: ${from}, ${appearance(placed)}`);
    }
    stopOn(plan.problems, (problem) => endsBoot(problem, queried.options.settings.strict));
    return { ...queried, plan };
  },
};

/** The plan for some tables and trees; changes nothing. */
export async function planFor(
  queried: Pick<Queried, "root" | "tables" | "sources" | "state" | "localDisk">,
  tmpfs: Settings["tmpfs"],
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
  return makePlan({ rows: tables.litefile, sources, seen, targets, tmpfs, ...own });
}
