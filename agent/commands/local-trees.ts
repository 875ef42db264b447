import { join } from "node:path";
import type { BootOptions } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";
import { wantedSources } from "../mounts/sources.ts";
import type { Root } from "../observe/root.ts";
import type { Source } from "../plan/candidate.ts";
import { stateDirectory } from "../plan/layout.ts";
import type { LitetreeRow, Tables } from "../xcat/tables.ts";
import { type StandIns, standInFor, whyNoDirectory } from "./stand-ins.ts";

/** A source of a plan, and what was taken for it. */
export interface LocalSource {
  readonly row: LitetreeRow;
  readonly source: Source;
  /** The local directory in place of what a node would mount. */
  readonly lookedAt?: string;
  readonly problems: readonly Problem[];
}

/** Puts local directories into a root in place of the sources that a node would mount there. */
export async function placeTrees(
  root: Root,
  rows: readonly LitetreeRow[],
  standIns: StandIns,
): Promise<LocalSource[]> {
  return Promise.all(
    wantedSources(rows).map(async ({ row, tree, name, unusable }): Promise<LocalSource> => {
      const source = { tree, name };
      const inImage = row.server === "";
      const local = inImage ? undefined : standInFor(standIns, row);
      const without = (unavailable: string): LocalSource => ({
        ...{ row, source: { ...source, unavailable } },
        problems: [notLookedAt(row, name, unavailable)],
      });
      if (unusable !== undefined) return without(unusable);
      if (inImage) return { row, source, problems: [] };
      if (local === undefined) return without("no --source stands in for it");
      const why = await whyNoDirectory(local);
      if (why !== undefined) return without(`${local}: ${why}`);
      root.standIn(tree, local);
      return { row, source, lookedAt: local, problems: [] };
    }),
  );
}

/** A plan that leaves out a source may not be what the node will do. */
function notLookedAt({ server }: LitetreeRow, name: string, found: string): Problem {
  const remedy = `give --source ${name}=LOCALDIR (--source ${server}:/=/ where this is that server), or correct its litetree row`;
  return {
    class: "source",
    code: "source-not-given",
    doing: "look at a litetree source",
    on: name,
    found,
    remedy,
  };
}

/**
 * Puts the node's own state directory into a root: `--state`, or its place below what stands in for the export. It is
 * not there before the node's first boot.
 */
export async function placeState(
  root: Root,
  { node, litefile }: Tables,
  given: StandIns & { readonly options: BootOptions },
): Promise<Problem[]> {
  const place = stateDirectory(node);
  if (given.state !== undefined) root.standIn(place, given.state);
  const { state } = given.options;
  if (given.state !== undefined || state === undefined) return [];
  const { servers, directory } = state;
  const local = standInFor(given, { server: servers[0] ?? "", directory });
  if (local === undefined) {
    const isKept = litefile.some(({ options }) => options.split(",").includes("persistent"));
    return isKept ? [stateNotGiven(`${servers.join(",")}:${directory}/${node}`)] : [];
  }
  const why = await whyNoDirectory(local);
  if (why !== undefined) return [stateMissing(`${servers.join(",")}:${directory}`, `${local}: ${why}`)];
  const own = join(local, node);
  if ((await whyNoDirectory(own)) === undefined) root.standIn(place, own);
  return [];
}

/** The node would stop there. */
function stateMissing(on: string, found: string): Problem {
  const remedy = "make the directory and export it, or correct statemnt in the statelite table";
  return { class: "fatal", code: "state-missing", doing: "look at the node's state", on, found, remedy };
}

function stateNotGiven(on: string): Problem {
  return {
    class: "note",
    code: "state-not-given",
    doing: "look at the node's state",
    on,
    found: "nothing stands in for it: the plan is that of the node's first boot",
    remedy: "give --state LOCALDIR, or a --source above it",
  };
}
