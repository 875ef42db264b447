import type { Settings } from "../cmdline/options.ts";
import { defaultSettings } from "../cmdline/settings.ts";
import type { BootContext } from "../context.ts";
import type { Problem } from "../errors.ts";
import { wantedSources } from "../mounts/sources.ts";
import { Root } from "../observe/root.ts";
import { askForTables } from "../phases/4-query-server.ts";
import { planFor } from "../phases/5-plan.ts";
import type { Source } from "../plan/choose.ts";
import { LAYOUT, stateDirectory } from "../plan/layout.ts";
import { describePlan, type PlanSubject } from "../report/document.ts";
import type { PlanDocument } from "../report/schema.ts";
import { tablesOfNode } from "../rows/node-tables.ts";
import type { LitetreeRow, Tables } from "../xcat/tables.ts";
import { type ArgumentSpec, type Arguments, UsageError } from "./arguments.ts";
import { readGivenRoot, readStandIns, type StandIns } from "./given-root.ts";
import { readTableFiles } from "./table-files.ts";

/** What `plan` and `explain` are told: the trees, and where the tables come from. */
export const PLANNING_ARGUMENTS: ArgumentSpec = {
  once: ["root", "tables", "node", "image", "cmdline", "ca", "state", "localdisk"],
  many: ["source"],
  flags: ["json"],
};

/** Everything that a plan is made from. */
interface Given extends StandIns {
  readonly tables: Tables;
  readonly subject: PlanSubject;
  /** Whether the node has a persistent area, and a local disk: empty ones where no directory stands in. */
  readonly hasState: boolean;
  readonly hasLocalDisk: boolean;
  readonly tmpfs: Settings["tmpfs"];
  readonly problems: readonly Problem[];
}

/**
 * What a boot would do with these tables and trees; nothing is mounted or written.
 *
 * @throws UsageError, BootError
 */
export async function makeDocument(args: Arguments, context: BootContext): Promise<PlanDocument> {
  const given = await (args.value("tables") === undefined ? fromServer(args, context) : fromFiles(args));
  const root = new Root(given.root, context.threads.calls);
  try {
    const { tables, subject, hasState, hasLocalDisk } = given;
    const sources = standIns(tables.litetree, given, root);
    const state = stateDirectory(tables.node);
    if (given.state !== undefined) root.standIn(state, given.state);
    if (given.localDisk !== undefined) root.standIn(LAYOUT.localDisk, given.localDisk);
    const trees = {
      ...{ root, tables, sources },
      ...(hasState && { state }),
      ...(hasLocalDisk && { localDisk: LAYOUT.localDisk }),
    };
    const plan = await planFor(trees, given.tmpfs);
    const missing = sources.flatMap(({ name, unavailable }) =>
      unavailable === undefined ? [] : [notLookedAt(name, unavailable)],
    );
    return describePlan(plan, subject, [...given.problems, ...missing, ...plan.problems]);
  } finally {
    await root.close();
  }
}

/** From a folder of tables: no server is asked, no node has to run. */
async function fromFiles(args: Arguments): Promise<Given> {
  for (const name of ["cmdline", "ca"]) {
    if (args.value(name) !== undefined) throw new UsageError(`--${name} and --tables do not go together`);
  }
  const node = args.required("node");
  const standIns = await readStandIns(args);
  const { set, problems } = await readTableFiles(args.required("tables"));
  const tables = await tablesOfNode(set, node, args.value("image"));
  const { image, origins } = tables;
  return {
    ...standIns,
    tables,
    subject: { node, image, origins },
    hasState: standIns.state !== undefined || tables.statemnt !== "",
    hasLocalDisk: standIns.localDisk !== undefined || tables.hasLocalDisk,
    tmpfs: defaultSettings().tmpfs,
    problems: [...problems, ...tables.problems],
  };
}

/** From the server that a command line names, as that node. */
async function fromServer(args: Arguments, { log }: BootContext): Promise<Given> {
  if (args.value("cmdline") === undefined)
    throw new UsageError("--tables is missing (or --cmdline, to ask a server)");
  for (const name of ["node", "image"]) {
    if (args.value(name) !== undefined) throw new UsageError(`--${name} goes with --tables only`);
  }
  const given = await readGivenRoot(args, log);
  const { problems, ...tables } = await askForTables(given, log);
  return {
    ...given,
    tables,
    subject: { node: tables.node },
    hasState: given.state !== undefined || given.options.state !== undefined,
    hasLocalDisk: given.localDisk !== undefined || given.options.partition,
    tmpfs: given.options.settings.tmpfs,
    problems,
  };
}

function standIns(rows: readonly LitetreeRow[], given: StandIns, root: Root): Source[] {
  return wantedSources(rows).map(({ row, tree, name, unusable }): Source => {
    const local = given.sources.get(`${row.server}:${row.directory}`);
    if (local !== undefined) root.standIn(tree, local);
    if (unusable !== undefined) return { tree, name, unavailable: unusable };
    if (local !== undefined || row.server === "") return { tree, name };
    return { tree, name, unavailable: "no --source stands in for it" };
  });
}

/** A plan that leaves out a source may not be what the node will do. */
function notLookedAt(name: string, found: string): Problem {
  const remedy = `give --source ${name}=LOCALDIR, or correct its litetree row`;
  return {
    class: "source",
    code: "source-not-given",
    doing: "look at a litetree source",
    on: name,
    found,
    remedy,
  };
}
