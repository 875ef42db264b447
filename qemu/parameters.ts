import { isNode } from "../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../agent/rows/table.ts";
import { bootFacts } from "../server-stub/nodeset/facts.ts";
import { bootParameters, formatParameter } from "../server-stub/nodeset/parameters.ts";
import type { NodeAddress } from "./bench/network.ts";
import { REPORT_PORT } from "./machine/arguments.ts";

/** Parameters of the kernel's command line by name; `true` is one without a value, `undefined` takes one away. */
export type Parameters = Readonly<Record<string, string | true | undefined>>;

/**
 * What `nodeset` makes of the tables, and `BOOTIF`, which the boot loader adds. A machine that the tables do not know is
 * told what another one is, by its own name.
 */
export async function nodesetParameters(
  set: TableSet,
  node: NodeAddress,
  image: string,
): Promise<Parameters> {
  const nodelist = tableOf(set, "nodelist");
  const [first] = nodelist.rows;
  const known = isNode(set, node.name) || first === undefined ? node.name : nodelist.cell(first, "node");
  const facts = await bootFacts(set, known, image, () => Promise.resolve(""));
  return {
    ...Object.fromEntries(bootParameters({ ...facts, node: node.name })),
    BOOTIF: `01-${node.mac.replaceAll(":", "-")}`,
  };
}

/** What the bench adds: a console to read, reports, and a machine that ends when its kernel does. */
export const benchParameters: Parameters = {
  console: "ttyS0",
  panic: "-1",
  "statelite.report": `/dev/virtio-ports/${REPORT_PORT}`,
};

/** One word for each parameter. */
export function formatParameters(parameters: Parameters): string[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [formatParameter([name, value])],
  );
}
