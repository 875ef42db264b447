import type { NodeTables } from "./node-tables.ts";
import { nodeAttribute } from "./nodes.ts";
import { type TableSet, tableOf } from "./table.ts";

/**
 * What the tables put on a node's kernel command line, as far as it decides a plan: the state, whether there is a local
 * disk, and this project's settings among the parameters that the administrator added.
 */
export function commandLineOf(
  set: TableSet,
  { node, image, statemnt, mntopts, hasLocalDisk }: NodeTables,
): string {
  const linuximage = tableOf(set, "linuximage");
  const own = linuximage.rowsWhere("imagename", image)[0];
  const added = [
    ...(own === undefined ? "" : linuximage.cell(own, "addkcmdline")).split(/\s+/),
    ...nodeAttribute(set, node, "bootparams", "addkcmdline").split(/\s+/),
  ];
  return [
    // A plan asks no server; a command line without one is no node's.
    ...["XCAT=127.0.0.1", `NODE=${node}`, `STATEMNT=${statemnt}`, `MNTOPTS=${mntopts}`],
    ...(hasLocalDisk ? ["PARTITION_RH"] : []),
    ...added.filter((word) => word.startsWith("statelite.")),
  ].join(" ");
}
