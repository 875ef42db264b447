import { printable } from "../../agent/errors.ts";
import { resolveLitetree } from "../../agent/rows/litetree.ts";
import { imageOf } from "../../agent/rows/nodes.ts";
import { formatLitefileRow, litefileRows } from "../../agent/rows/rows.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import { type Command, defineCommand } from "../cli/command.ts";
import { allowCmdOption, noderangeOperand, tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import { stderrLog as log } from "../log.ts";
import { expandNoderange } from "../model/noderange.ts";
import { refuseCommands, shellCommands } from "../model/run-command.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

/** What a node gets of one kind, as `node: …` lines are made of it, and what is wrong with some of it. */
interface NodeLines {
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

type RowsOf = (set: TableSet, image: string, node: string, allowCommands: boolean) => Promise<NodeLines>;

const litefileLines: RowsOf = async (set, image) => ({
  lines: litefileRows(set, image).map(formatLitefileRow),
  errors: [],
});

const litetreeLines: RowsOf = async (set, image, node, allowCommands) => {
  const run = allowCommands ? shellCommands(log) : refuseCommands(log);
  const sources = await resolveLitetree(set, image, node, run);
  return {
    lines: sources.map(({ source }) => source),
    errors: sources.flatMap(({ errors }) => errors),
  };
};

const options = {
  tables: tablesOption,
  "allow-cmd": allowCmdOption,
  json: { help: "an array of {node, image, rows}" },
} as const satisfies Options;

export const litefile = nodeCommand("litefile", "the litefile rows that nodes get", litefileLines);
export const litetree = nodeCommand("litetree", "the litetree sources that nodes get", litetreeLines);

function nodeCommand(name: string, summary: string, rowsOf: RowsOf): Command {
  const run = async (values: Values<typeof options>, [range = ""]: readonly string[]): Promise<number> => {
    const set = await readTables(tablesOf(values), log);
    const { nodes, missing } = expandNoderange(set, range);
    if (missing.length > 0) {
      process.stderr.write(
        `Error: Invalid nodes and/or groups in noderange: ${printable(missing.join(","))}\n`,
      );
      return 1;
    }
    let status = 0;
    const results = [];
    for (const node of nodes) {
      const image = imageOf(set, node);
      if (image === undefined) {
        process.stderr.write(`Error: ${node} does not have os, arch, or profile defined in nodetype table\n`);
        status = 1;
        continue;
      }
      const { lines, errors } = await rowsOf(set, image, node, values["allow-cmd"] === true);
      for (const error of errors) process.stderr.write(`Error: ${printable(error)}\n`);
      if (errors.length > 0) status = 1;
      results.push({ node, image, rows: lines.map(bytesToText) });
    }
    if (values.json === true) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
    else
      for (const { node, rows } of results) for (const row of rows) process.stdout.write(`${node}: ${row}\n`);
    return status;
  };
  const about = `Prints ${summary}, as \`${name}\` of xCAT does.`;
  return defineCommand({ name, summary, about, options, operands: [noderangeOperand], run });
}
