import { promises as fs } from "node:fs";
import type { BootContext, Phase } from "../context.ts";
import { BootError } from "../errors.ts";
import { localDiskOf } from "../localdisk/of-node.ts";
import type { Log } from "../log.ts";
import { mountSources } from "../mounts/sources.ts";
import { baseName, LAYOUT } from "../plan/layout.ts";
import { stopOn } from "../problems.ts";
import type { Queried, Rooted } from "../state.ts";
import { type ClaimedState, claimState, thisMachine } from "../statearea/claim.ts";
import { type QueryRequest, query, queryTables } from "../xcat/client.ts";
import { describeError } from "../xcat/refusal.ts";
import type { LitefileRow, LitetreeRow } from "../xcat/tables.ts";
import type { QueryWorld, Told } from "../xcat/told.ts";
import { withToldState } from "../xcat/told-state.ts";

/** The tables from the server, kept as received, and the litetree sources that they name. */
export const queryServer: Phase<Rooted, Queried> = {
  name: "query-server",
  async run(rooted, context) {
    const { log, report, threads } = context;
    const { root } = rooted;
    const tables = await askForTables(rooted, log);
    const state = await stateOf(rooted, tables);
    const claimed = state === undefined ? undefined : await claimFor(state, rooted, context);
    await fs.writeFile(root.outside(LAYOUT.litefile), tables.litefile.map(litefileLine).join(""));
    await fs.writeFile(root.outside(LAYOUT.litetree), tables.litetree.map(litetreeLine).join(""));
    const { sources, problems } = await mountSources(
      tables.litetree,
      root,
      threads.calls,
      rooted.mountSource,
      log,
    );
    for (const problem of [...tables.problems, ...problems]) {
      log.problem(problem);
      report.problem(problem);
    }
    stopOn(problems, ({ class: kind }) => kind === "fatal");
    log.say(`tables: ${tables.litefile.length} litefile entries, ${sources.length} litetree sources`);
    const localDisk = await localDiskOf(rooted, context, () => askForPartition(rooted, tables, log));
    const own = { ...(state !== undefined && { state }), ...(claimed !== undefined && { claimed }) };
    const places = { ...own, ...(localDisk !== undefined && { localDisk }) };
    return { ...rooted, ...places, tables, sources };
  },
};

/** Mounted before, or now that the server has said where it is. @throws BootError */
async function stateOf(
  { state, options, node, mountState }: Rooted,
  told: Told,
): Promise<string | undefined> {
  if (state !== undefined || mountState === undefined) return state;
  const { state: named } = withToldState(options, told);
  return named === undefined ? undefined : await mountState(named, node ?? told.node);
}

/** Takes the mounted state for this boot. @throws BootError */
async function claimFor(
  state: string,
  { root, options }: Rooted,
  { log, report }: BootContext,
): Promise<ClaimedState> {
  const self = await thisMachine(baseName(state));
  const claimed = await claimState(root, state, self, options.settings.strict === "all");
  for (const problem of claimed.problems) log.problem(problem);
  report.problem(...claimed.problems);
  return claimed;
}

type Asker = Pick<Rooted, "options" | "trust" | "node" | "names">;

/** Litefile and litetree of this node, from the first server that gives them. @throws BootError */
export function askForTables(asker: Asker, log: Log): Promise<Told> {
  return queryTables(...asking(asker, log));
}

/** The lines of the partition file: they came with the tables, or are asked for now. @throws BootError */
async function askForPartition(asker: Asker, { rest }: Told, log: Log): Promise<readonly string[]> {
  if (rest !== undefined) return rest.partition ?? refusePartition(asker);
  const { replies } = await query("getpartition", ...asking(asker, log));
  return replies.map(({ text }) => text);
}

function refusePartition({ options }: Asker): never {
  const refusal = describeError("getpartition", "Permission denied for request");
  const on = options.servers
    .map((server) => (server.protocol === "json" ? server.url : server.host))
    .join(", ");
  throw new BootError([refusal.problem("ask for getpartition", on)]);
}

/** Whom to ask, and what that needs of the world. */
function asking({ options, trust, node, names }: Asker, log: Log): [QueryRequest, QueryWorld] {
  const within = options.settings.queryTimeout * 1000;
  const request = { servers: options.servers, trust, within, ...(node !== undefined && { node }) };
  const world = {
    resolve: (host: string) => names.lookup(host),
    reverse: (address: string) => names.reverse(address),
    clock: { now: () => performance.now(), sleep: (milliseconds: number) => Bun.sleep(milliseconds) },
    random: Math.random,
    log,
  };
  return [request, world];
}

function litefileLine({ options, path }: LitefileRow): string {
  return `${options.padEnd(13)} ${path}\n`;
}

function litetreeLine({ server, directory, mountOptions }: LitetreeRow): string {
  const place = server === "" ? directory : `${server}:${directory}`;
  return mountOptions === "" ? `${place}\n` : `${place} :${mountOptions}\n`;
}
