import { printable } from "../../agent/errors.ts";
import { defineCommand } from "../cli/command.ts";
import { noderangeOperand, tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import { stderrLog as log } from "../log.ts";
import { expandNoderange } from "../model/noderange.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

const options = {
  tables: tablesOption,
  json: { help: "an object {nodes, missing}" },
} as const satisfies Options;

export const noderange = defineCommand({
  name: "noderange",
  summary: "which nodes a noderange means",
  about:
    "Prints the nodes that a noderange means, one on a line, each once, in order. Those of site.excludenodes are left out.",
  options,
  operands: [noderangeOperand],
  notes: `n01,n02              names and groups
n[01-20], n01-n20    ranges; n01:n20 and n01+19 are the same
rack1@compute        nodes that are in both; n01,rack1,@compute is (n01,rack1)@compute
all,-rack1           without those of rack1; (all,-n01)@rack1 with parentheses
/n0[1-3]/            names by a regular expression
nodetype.os==rhels9  by a value of the tables; !=, =~ and !~ as well`,
  run,
});

async function run(values: Values<typeof options>, [range = ""]: readonly string[]): Promise<number> {
  const { nodes, missing } = expandNoderange(await readTables(tablesOf(values), log), range);
  if (values.json === true)
    process.stdout.write(`${bytesToText(JSON.stringify({ nodes, missing }, undefined, 2))}\n`);
  else for (const node of nodes) process.stdout.write(`${printable(bytesToText(node))}\n`);
  if (missing.length === 0) return 0;
  process.stderr.write(`Error: Invalid nodes and/or groups in noderange: ${printable(missing.join(","))}\n`);
  return 1;
}
