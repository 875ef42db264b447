import { nodeAttribute, siteValue } from "./nodes.ts";
import { type ImageLitetreeRow, litetreeRows, type RowOrigin } from "./rows.ts";
import type { TableSet } from "./table.ts";
import { hasValue } from "./table.ts";
import { xcatTables } from "./table-names.ts";
import { type Lookup, runCommands, substitute } from "./variables.ts";

/** Runs a `#CMD=` of a litetree row on this machine; gives empty text where it may not or fails. */
export type CommandRunner = (command: string) => Promise<string>;

/** One source as a node gets it: `10.0.0.1:/dir :opts`, and what went wrong before it. */
export interface ResolvedSource {
  readonly source: string;
  readonly errors: readonly string[];
}

/** A source of the litetree table. */
export interface LitetreeSource extends ResolvedSource {
  readonly priority: string;
  readonly origin: RowOrigin;
}

/** The litetree rows of a node's image with all variables replaced, in priority order. */
export async function resolveLitetree(
  set: TableSet,
  image: string,
  node: string,
  run: CommandRunner,
): Promise<readonly LitetreeSource[]> {
  const lookup = lookupFor(set, node);
  const sources: LitetreeSource[] = [];
  for (const row of litetreeRows(set, image)) {
    const { priority, origin } = row;
    sources.push({ ...(await resolveRow(row, node, lookup, run)), priority, origin });
  }
  return sources;
}

/** `server:/dir` of the statelite table and the like: same rules, without mount options. */
export async function resolveLocation(
  set: TableSet,
  location: string,
  node: string,
  run: CommandRunner,
): Promise<ResolvedSource> {
  return resolveRow({ directory: location, mntopts: "" }, node, lookupFor(set, node), run);
}

/**
 * The row is one text, split at colons into server, directory and options: an IPv6 address falls apart, and
 * the options of a row without a server become its directory. So it is on the wire.
 */
async function resolveRow(
  row: Pick<ImageLitetreeRow, "directory" | "mntopts">,
  node: string,
  lookup: Lookup,
  run: CommandRunner,
): Promise<ResolvedSource> {
  const text = hasValue(row.mntopts) ? `${row.directory}:${row.mntopts}` : row.directory;
  const [first = "", second = "", mntopts = ""] = text.split(":");
  const hasServer = hasValue(first) && hasValue(second);
  const errors: string[] = [];
  const replace = async (value: string, kind: "directory" | "server"): Promise<string> => {
    const replaced = substitute(value, node, kind, lookup);
    if (replaced.unknownTable === undefined) return runCommands(replaced.text, run);
    errors.push(`${replaced.unknownTable} does not exist`);
    return "";
  };
  let directory = hasValue(second) ? second : first;
  if (directory.includes("$") || directory.includes("#CMD"))
    directory = (await replace(directory, "directory")).replaceAll("//", "/");
  let server = hasServer ? first : "";
  if (server.includes("$")) server = await replace(server, "server");
  const options = hasValue(mntopts) ? ` :${mntopts}` : "";
  return { source: `${hasServer ? `${server}:` : ""}${directory}${options}`, errors };
}

function lookupFor(set: TableSet, node: string): Lookup {
  return (table, column) => {
    if (table === "site") return siteValue(set, column);
    if (!set.tables.has(table) && !xcatTables.has(table)) return undefined;
    return nodeAttribute(set, node, table, column);
  };
}
