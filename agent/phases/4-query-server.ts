import { promises as fs } from "node:fs";
import type { Phase } from "../context.ts";
import type { Log } from "../log.ts";
import { mountSources } from "../mounts/sources.ts";
import { LAYOUT } from "../plan/layout.ts";
import type { Queried, Rooted } from "../state.ts";
import { type QueriedTables, queryTables } from "../xcat/client.ts";
import type { LitefileRow, LitetreeRow } from "../xcat/tables.ts";

/** The tables from the server, kept as received, and the litetree sources that they name. */
export const queryServer: Phase<Rooted, Queried> = {
  name: "query-server",
  async run(rooted, { log, report, threads }) {
    const { root } = rooted;
    const tables = await askForTables(rooted, log);
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
    log.say(`tables: ${tables.litefile.length} litefile entries, ${sources.length} litetree sources`);
    return { ...rooted, tables, sources };
  },
};

/** Litefile and litetree of this node, from the first server that gives them. @throws BootError */
export function askForTables(
  { options, trust, node, names }: Pick<Rooted, "options" | "trust" | "node" | "names">,
  log: Log,
): Promise<QueriedTables> {
  const within = options.settings.queryTimeout * 1000;
  const request = { servers: options.servers, trust, within, ...(node !== undefined && { node }) };
  return queryTables(request, {
    resolve: (host) => names.lookup(host),
    reverse: (address) => names.reverse(address),
    clock: { now: () => performance.now(), sleep: (milliseconds) => Bun.sleep(milliseconds) },
    random: Math.random,
    log,
  });
}

function litefileLine({ options, path }: LitefileRow): string {
  return `${options.padEnd(13)} ${path}\n`;
}

function litetreeLine({ server, directory, mountOptions }: LitetreeRow): string {
  const place = server === "" ? directory : `${server}:${directory}`;
  return mountOptions === "" ? `${place}\n` : `${place} :${mountOptions}\n`;
}
