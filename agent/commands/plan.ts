import { BootError, formatProblem, printable } from "../errors.ts";
import { wantedSources } from "../mounts/sources.ts";
import { Root } from "../observe/root.ts";
import { askForTables } from "../phases/4-query-server.ts";
import { planFor } from "../phases/5-plan.ts";
import type { Source } from "../plan/choose.ts";
import { LAYOUT, stateDirectory } from "../plan/layout.ts";
import { formatOp } from "../plan/op.ts";
import type { Plan } from "../plan/plan.ts";
import type { LitetreeRow } from "../xcat/tables.ts";
import { parseArguments } from "./arguments.ts";
import { GIVEN_ROOT_ARGUMENTS, type GivenRoot, readGivenRoot } from "./given-root.ts";
import { openContext } from "./open-context.ts";

/**
 * What `apply` would do with these arguments: every op, and every problem. Nothing is mounted or written.
 * @returns 0, or 1 where there are problems
 */
export async function runPlan(args: readonly string[]): Promise<number> {
  const context = openContext((line) => console.error(line));
  const { calls } = context.threads;
  let root: Root | undefined;
  try {
    const given = await readGivenRoot(parseArguments(args, GIVEN_ROOT_ARGUMENTS), context.log);
    root = new Root(given.root, calls);
    const tables = await askForTables(given, context.log);
    const sources = standIns(tables.litetree, given, root);
    const state = given.state === undefined ? undefined : stateDirectory(given.node ?? "node");
    if (state !== undefined && given.state !== undefined) root.standIn(state, given.state);
    if (given.localDisk !== undefined) root.standIn(LAYOUT.localDisk, given.localDisk);
    const plan = await planFor({
      ...{ root, tables, sources },
      ...(state !== undefined && { state }),
      ...(given.localDisk !== undefined && { localDisk: LAYOUT.localDisk }),
    });
    print(plan);
    return plan.problems.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    for (const problem of error.problems) console.error(formatProblem(problem));
    return 1;
  } finally {
    await root?.close();
    context.threads.close();
  }
}

function standIns(rows: readonly LitetreeRow[], given: GivenRoot, root: Root): Source[] {
  return wantedSources(rows).map(({ row, tree, name, unusable }): Source => {
    const local = given.sources.get(`${row.server}:${row.directory}`);
    if (local !== undefined) root.standIn(tree, local);
    if (unusable !== undefined) return { tree, name, unavailable: unusable };
    if (local !== undefined || row.server === "") return { tree, name };
    return { tree, name, unavailable: `no --source ${row.server}:${row.directory}=LOCALDIR was given` };
  });
}

function print(plan: Plan): void {
  for (const op of [...plan.stages.flat(), ...plan.binds]) console.log(printable(formatOp(op)));
  for (const problem of plan.problems) console.log(`problem: ${formatProblem(problem)}`);
}
