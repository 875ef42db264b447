import { valueByName } from "./by-name.ts";
import { hasValue, type TableSet, tableOf } from "./table.ts";

/** A value that ends so goes on with that of the next group. */
const nextRecord = "+=NEXTRECORD";

/** Whether the database has a node of this name; a group is none. */
export function isNode(set: TableSet, name: string): boolean {
  return tableOf(set, "nodelist").rowsWhere("node", name).length > 0;
}

/** The names of all nodes, in the order of the table. */
export function allNodes(set: TableSet): readonly string[] {
  const nodelist = tableOf(set, "nodelist");
  return nodelist.rows.map((row) => nodelist.cell(row, "node")).filter((node) => node !== "");
}

/** The node's groups in the order of `nodelist.groups`, in which attributes are looked for. Blanks are part of a name. */
export function groupsOf(set: TableSet, node: string): readonly string[] {
  const nodelist = tableOf(set, "nodelist");
  const row = nodelist.rowsWhere("node", node)[0];
  if (row === undefined) return [];
  return nodelist
    .cell(row, "groups")
    .split(",")
    .filter((group) => group !== "");
}

/**
 * A node's attribute: from its own row, else from the first of its groups that has a value for this column.
 * Each column is inherited by itself, and may say how the value follows from the node's name. Empty where nobody has one.
 */
export function nodeAttribute(set: TableSet, node: string, table: string, column: string): string {
  const rows = tableOf(set, table);
  let value = "";
  for (const name of [node, ...groupsOf(set, node)]) {
    const row = rows.rowsWhere("node", name).find((one) => rows.cell(one, column) !== "");
    if (row === undefined) continue;
    value += rows.cell(row, column);
    if (!value.endsWith(nextRecord)) break;
    value = value.slice(0, -nextRecord.length);
  }
  return valueByName(value.replaceAll(nextRecord, ""), node);
}

/** A value of the site table; empty where there is none. */
export function siteValue(set: TableSet, key: string): string {
  const site = tableOf(set, "site");
  const row = site.rowsWhere("key", key)[0];
  return row === undefined ? "" : site.cell(row, "value");
}

/** The name of the node's image, or undefined where nodetype does not say enough for one. */
export function imageOf(set: TableSet, node: string): string | undefined {
  const [os, arch, profile, provmethod] = ["os", "arch", "profile", "provmethod"].map((column) =>
    nodeAttribute(set, node, "nodetype", column),
  ) as [string, string, string, string];
  if (!hasValue(os) || !hasValue(arch) || !hasValue(profile)) return undefined;
  const generic = !hasValue(provmethod) || ["statelite", "netboot", "install"].includes(provmethod);
  return generic ? `${os}-${arch}-statelite-${profile}` : provmethod;
}
