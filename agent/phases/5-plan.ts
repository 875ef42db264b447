import type { Settings } from "../cmdline/options.ts";
import type { BootContext, Phase } from "../context.ts";
import { BootError, type Problem } from "../errors.ts";
import { look } from "../observe/look.ts";
import { availableMemory } from "../observe/memory.ts";
import { roomForCopies } from "../observe/room.ts";
import type { Root } from "../observe/root.ts";
import { survey } from "../observe/survey.ts";
import { lookAtTargets } from "../observe/targets.ts";
import { budgetProblem, type CopyOp, copiesOf, type Need, type Room, sum } from "../plan/budget.ts";
import { makePlan, type Plan, type PlanInput, prepare } from "../plan/plan.ts";
import { endsBoot } from "../plan/severity.ts";
import { sizeProblem } from "../plan/size.ts";
import { stopOn } from "../problems.ts";
import { Progress } from "../progress.ts";
import { appearance } from "../report/entries.ts";
import type { Planned, Queried } from "../state.ts";
import { findContainers } from "../statearea/containers.ts";
import { findReseeding } from "../statearea/reseed.ts";

/** Questions to the trees under way at the same time. */
const LOOK_WIDTH = 64;

/** Directories of copies that are looked at side by side. */
const SURVEY_WIDTH = 16;

/** Looks at everything that decides, then decides it. */
export const planEntries: Phase<Queried, Planned> = {
  name: "plan",
  async run(queried, context) {
    const { log, report } = context;
    const { settings } = queried.options;
    const plan = await planFor(queried, settings);
    report.planned(plan, queried.sources);
    for (const placed of plan.placed) {
      const { entry, winners } = placed;
      const from = winners.map((winner) => winner.name).join(" + ");
      log.detail(`${entry.row.options} ${entry.row.path}: ${from}, ${appearance(placed)}`);
    }
    const room = await roomForCopies(queried.root);
    const needs = await addUp(plan, queried.root, room, context);
    const tooMuch = budgetProblem(needs, room);
    const problems = tooMuch === undefined ? plan.problems : [...plan.problems, tooMuch];
    for (const problem of problems) log.problem(problem);
    report.problem(...problems);
    const ends = (problem: Problem) => endsBoot(problem, settings.strict);
    // Who reads why the boot has failed needs to be told, once, why the rows found no source.
    const unmounted = plan.refused.some(
      ({ candidates, problem }) => ends(problem) && candidates.some((candidate) => candidate.unmounted),
    );
    const causes = unmounted ? report.problems.filter(({ code }) => code === "source-mount") : [];
    stopOn([...causes, ...problems], (problem) => causes.includes(problem) || ends(problem));
    return { ...queried, plan, needs };
  },
};

/** What is to be copied, added up before anything is: what cannot fit is not begun. */
async function addUp(
  plan: Plan,
  root: Root,
  room: Room,
  { log, now }: BootContext,
): Promise<ReadonlyMap<CopyOp, Need>> {
  const progress = new Progress(log, now);
  const needs = await survey(root, copiesOf(plan), {
    width: SURVEY_WIDTH,
    enough: 2 * Math.min(room.bytes, room.memory),
    progress: (inodes) =>
      progress.tell(() => `adding up what is to be copied: ${inodes} files and directories so far`),
  });
  const { bytes, inodes } = sum(needs.values());
  log.detail(`to be copied: ${bytes} bytes in ${inodes} files and directories`);
  return needs;
}

type Given = Pick<Queried, "root" | "tables" | "sources" | "state" | "localDisk">;

/** The plan for some tables and trees; changes nothing. @throws BootError where the tables are too large */
export async function planFor(
  given: Given,
  { tmpfs, reseed }: Pick<Settings, "tmpfs" | "reseed">,
): Promise<Plan> {
  const looked = await lookFor(given, tmpfs);
  const first = makePlan(looked);
  const containers = await findContainers(given.root, first);
  const input = { ...looked, containers };
  const plan = containers.size > 0 ? makePlan(input) : first;
  if (reseed === "keep") return plan;
  const { replace, problems } = await findReseeding(given.root, plan, reseed);
  const made = replace.size > 0 ? makePlan({ ...input, reseed: replace }) : plan;
  return { ...made, problems: [...made.problems, ...problems] };
}

async function lookFor(queried: Given, tmpfs: Settings["tmpfs"]): Promise<PlanInput> {
  const { root, tables, sources, state, localDisk } = queried;
  const own = { ...(state !== undefined && { state }), ...(localDisk !== undefined && { localDisk }) };
  const mounted = sources.filter((source) => source.unavailable === undefined).map((source) => source.tree);
  const tooLarge = sizeProblem(
    tables.litefile.length,
    mounted.length + 1 + Object.keys(own).length,
    availableMemory() ?? Number.POSITIVE_INFINITY,
  );
  if (tooLarge !== undefined) throw new BootError([tooLarge]);
  const { entries, questions } = prepare(tables.litefile, { sources: mounted, ...own });
  const [seen, targets] = await Promise.all([
    look(root, questions, LOOK_WIDTH),
    lookAtTargets(
      root,
      entries.map((entry) => entry.path),
    ),
  ]);
  return { rows: tables.litefile, sources, seen, targets, tmpfs, ...own };
}
