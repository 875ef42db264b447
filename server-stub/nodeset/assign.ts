import { imageOf } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import type { TableEdit } from "../edit/editor.ts";

/**
 * The change of the nodetype table that makes an image the nodes' own, as `nodeset` of xCAT does: otherwise the server
 * would go on to answer with another image's rows. Undefined where they have it already, by themselves or by a group.
 */
export function assignImage(set: TableSet, nodes: readonly string[], image: string): TableEdit | undefined {
  const osimage = tableOf(set, "osimage");
  const row = osimage.rowsWhere("imagename", image)[0];
  const column = (name: string): string => (row === undefined ? "" : osimage.cell(row, name));
  const others = nodes.filter((node) => imageOf(set, node) !== image);
  if (others.length === 0) return undefined;
  const known = Object.entries({ os: column("osvers"), arch: column("osarch"), profile: column("profile") });
  const change = { provmethod: image, ...Object.fromEntries(known.filter(([, value]) => value !== "")) };
  return {
    table: "nodetype",
    key: "node",
    rows: new Map(others.map((node) => [node, change])),
    missing: "add",
  };
}
