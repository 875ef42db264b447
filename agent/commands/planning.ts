import type { BootOptions } from "../cmdline/options.ts";
import { parseCommandLine } from "../cmdline/parse.ts";
import type { BootContext } from "../context.ts";
import { BootError, type Problem } from "../errors.ts";
import { O } from "../kernel/constants.ts";
import { noVolatile } from "../mounts/volatile.ts";
import { Root } from "../observe/root.ts";
import { strayLinks } from "../observe/stray-links.ts";
import { askForTables } from "../phases/4-query-server.ts";
import { planFor } from "../phases/5-plan.ts";
import { LAYOUT, normalPath, parentPath, stateDirectory } from "../plan/layout.ts";
import { describePlan, type PlanSubject } from "../report/document.ts";
import { describeSource } from "../report/entries.ts";
import type { PlanDocument } from "../report/schema.ts";
import { commandLineOf } from "../rows/command-line.ts";
import { tablesOfNode } from "../rows/node-tables.ts";
import type { RowOrigin } from "../rows/rows.ts";
import type { LitefileRow, LitetreeRow, Tables } from "../xcat/tables.ts";
import { withToldState } from "../xcat/told-state.ts";
import { type ArgumentSpec, type Arguments, UsageError } from "./arguments.ts";
import { GIVEN_ROOT_ARGUMENTS, readGivenRoot } from "./given-root.ts";
import { placeState, placeTrees } from "./local-trees.ts";
import { readStandIns, type StandIns } from "./stand-ins.ts";
import { readTableFiles } from "./table-files.ts";

/** What `plan` and `explain` are told: the trees, and where the tables come from. */
export const PLANNING_ARGUMENTS: ArgumentSpec = {
  ...GIVEN_ROOT_ARGUMENTS,
  once: [...GIVEN_ROOT_ARGUMENTS.once, "tables", "node", "image"],
  flags: ["json"],
};

export const PLANNING_HELP = `  --root DIR               the image, prepared by liteimg
  --tables DIR             the tables as CSV files: dumpxCATdb -p DIR, or tabdump TABLE > DIR/TABLE.csv
  --node NAME              the node to plan for
  --image NAME             its image, in place of the one that nodetype gives it
  --source SERVER:/DIR=LOCALDIR
                           LOCALDIR stands in for a server's directory and all that is below it, for litetree
                           sources and for the state; may be given several times. Where this is that server:
                           SERVER:/=/
  --state LOCALDIR         stands in for the node's own state directory
  --localdisk LOCALDIR     stands in for what is on its local disk
  --cmdline STRING         parameters of its kernel command line that are not in the tables, statelite.* for
                           one. Without --tables: its whole command line; the server that it names is asked,
                           as the node that this is
  --ca FILE                the CA certificate by which that server is trusted`;

/** Everything that a plan is made from. */
interface Given extends StandIns {
  readonly options: BootOptions;
  readonly tables: Tables;
  readonly subject: Pick<PlanSubject, "node" | "image">;
  readonly litefileOrigins: ReadonlyMap<LitefileRow, RowOrigin>;
  readonly litetreeOrigins: ReadonlyMap<LitetreeRow, RowOrigin>;
  readonly problems: readonly Problem[];
}

/** What `plan` prints, and the root that it is about, for as long as it is open. */
export interface Planning extends AsyncDisposable {
  readonly document: PlanDocument;
  readonly root: Root;
}

/**
 * What a boot would do with some tables and trees; nothing is mounted or written.
 *
 * @throws UsageError, BootError
 */
export async function makeDocument(args: Arguments, context: BootContext): Promise<Planning> {
  const given = await (args.value("tables") === undefined ? fromServer(args, context) : fromFiles(args));
  const root = new Root(given.root, context.threads.calls);
  const close = () => root.close();
  try {
    return { document: await planOn(root, given), root, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function planOn(root: Root, given: Given): Promise<PlanDocument> {
  const { tables, options, subject, litefileOrigins, litetreeOrigins } = given;
  const trees = await placeTrees(root, tables.litetree, given);
  const stateProblems = await placeState(root, tables, given);
  if (given.localDisk !== undefined) root.standIn(LAYOUT.localDisk, given.localDisk);
  const sources = trees.map(({ source }) => source);
  const own = {
    ...((options.state ?? given.state) !== undefined && { state: stateDirectory(tables.node) }),
    ...((options.partition || given.localDisk !== undefined) && { localDisk: LAYOUT.localDisk }),
  };
  const plan = await planFor({ root, tables, sources, ...own }, options.settings);
  const described = trees.map(({ source, row, lookedAt }) => {
    const origin = litetreeOrigins.get(row);
    return {
      ...describeSource(source),
      ...(lookedAt !== undefined && { lookedAt }),
      ...(origin !== undefined && { origin }),
    };
  });
  const problems = [
    ...given.problems,
    ...(await whyUnprepared(root)),
    ...(await leftByRows(root, tables.litefile)),
    ...trees.flatMap((tree) => tree.problems),
    ...stateProblems,
  ];
  const about = { ...subject, sources: described, origins: litefileOrigins };
  return describePlan(plan, about, [...problems, ...plan.problems]);
}

/** A boot ends where its image lacks the directory for its tmpfs, whatever the rows are. */
async function whyUnprepared(root: Root): Promise<readonly Problem[]> {
  const top = { tree: "/", path: LAYOUT.statelite };
  try {
    await root.with(top, O.DIRECTORY | O.NOFOLLOW, () => Promise.resolve());
    return [];
  } catch (error) {
    return noVolatile(error).problems;
  }
}

/** What a row that was taken out of litefile leaves in the image until liteimg is run again. */
async function leftByRows(root: Root, rows: readonly LitefileRow[]): Promise<Problem[]> {
  const paths = new Set(rows.map(({ path }) => normalPath(path)));
  const hasRow = (path: string): boolean => path !== "/" && (paths.has(path) || hasRow(parentPath(path)));
  return (await strayLinks(root, hasRow)).map((path) => ({
    class: "note",
    code: "target-left",
    doing: "look at the image",
    on: path,
    found:
      "a symlink that liteimg made for a row, and litefile has none for it: on the node it leads nowhere",
    remedy: "run liteimg for the image again",
  }));
}

/** From a folder of tables: no server is asked, no node has to run. */
async function fromFiles(args: Arguments): Promise<Given> {
  if (args.value("ca") !== undefined) throw new UsageError("--ca and --tables do not go together");
  const node = args.required("node");
  const standIns = await readStandIns(args);
  const files = await readTableFiles(args.required("tables"));
  const tables = await tablesOfNode(files.set, node, args.value("image"));
  const commandLine = `${commandLineOf(files.set, tables)} ${args.value("cmdline") ?? ""}`;
  const parsed = parseCommandLine(commandLine, { root: "mounted" });
  if (!parsed.ok) throw new BootError(parsed.problems);
  const { image, litefileOrigins, litetreeOrigins } = tables;
  return {
    ...standIns,
    ...{ options: parsed.options, tables, litefileOrigins, litetreeOrigins },
    subject: { node, image },
    problems: [...files.problems, ...tables.problems, ...parsed.notes],
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
  const { problems, rest, ...tables } = await askForTables(given, log);
  const options = withToldState(given.options, { ...(rest && { rest }) });
  return {
    ...{ ...given, options, tables, problems },
    subject: { node: tables.node, ...(rest && { image: rest.image }) },
    litefileOrigins: new Map(),
    litetreeOrigins: new Map(),
  };
}
