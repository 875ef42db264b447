import { type CommandRunner, resolveLocation } from "./litetree.ts";
import { nodeAttribute } from "./nodes.ts";
import type { TableSet } from "./table.ts";

/** Where a node's state lies, and with which mount options; empty texts where the statelite table has none. */
export interface StateLocation {
  /** `server:/dir`, variables replaced. */
  readonly statemnt: string;
  readonly mntopts: string;
}

/** The node's row of the statelite table, its own or that of the first of its groups that has one. */
export async function stateLocation(set: TableSet, node: string, run: CommandRunner): Promise<StateLocation> {
  const statemnt = nodeAttribute(set, node, "statelite", "statemnt");
  const mntopts = nodeAttribute(set, node, "statelite", "mntopts");
  if (statemnt === "") return { statemnt, mntopts };
  const { source } = await resolveLocation(set, statemnt, node, run);
  return { statemnt: source, mntopts };
}
