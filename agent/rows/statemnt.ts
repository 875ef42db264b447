import { type CommandRunner, resolveLocation } from "./litetree.ts";
import { nodeAttribute } from "./nodes.ts";
import type { TableSet } from "./table.ts";

/** Where a node's state lies, and with which mount options; empty texts where the statelite table has none. */
export interface StateLocation {
  /** `server:/dir`, variables replaced. */
  readonly statemnt: string;
  readonly mntopts: string;
  /** Why no node could mount that; xCAT sends it all the same. */
  readonly errors: readonly string[];
}

/** A server and an absolute directory; what falls apart at more colons is neither. */
const MOUNTABLE = /^[^\s:/[\]]+:\/[^:]*$/;

/** The node's row of the statelite table, its own or that of the first of its groups that has one. */
export async function stateLocation(set: TableSet, node: string, run: CommandRunner): Promise<StateLocation> {
  const statemnt = nodeAttribute(set, node, "statelite", "statemnt");
  const mntopts = nodeAttribute(set, node, "statelite", "mntopts");
  if (statemnt === "") return { statemnt, mntopts, errors: [] };
  const { source, errors } = await resolveLocation(set, statemnt, node, run);
  const lacks = (remark: RegExp): boolean => remark.test(source) && !remark.test(statemnt);
  return {
    ...{ statemnt: source, mntopts },
    errors: [
      ...errors,
      ...(lacks(/UNDEFINED/) ? ["a variable has no value for this node"] : []),
      ...(lacks(/#CMD=.* did not return output#/s) ? ["a #CMD= gave nothing"] : []),
      ...(errors.length === 0 && !MOUNTABLE.test(source)
        ? [
            `it comes out as "${source}", server:/directory was wanted; a server with an IPv6 address needs a name`,
          ]
        : []),
    ].map((error) => `statelite.statemnt ${statemnt}: ${error}`),
  };
}
