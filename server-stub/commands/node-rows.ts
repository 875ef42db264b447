import { printable } from "../../agent/errors.ts";
import { resolveLitetree } from "../../agent/rows/litetree.ts";
import { imageOf } from "../../agent/rows/nodes.ts";
import { formatLitefileRow, litefileRows } from "../../agent/rows/rows.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import { type Command, parseOptions, required, UsageError } from "../cli/command.ts";
import { stderrLog as log } from "../log.ts";
import { expandNoderange } from "../model/noderange.ts";
import { refuseCommands, shellCommands } from "../model/run-command.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

/** The rows of one kind that a node gets, as `node: …` lines are made of them. */
type RowsOf = (
  set: TableSet,
  image: string,
  node: string,
  allowCommands: boolean,
) => Promise<readonly string[]>;

const litefileLines: RowsOf = async (set, image) => litefileRows(set, image).map(formatLitefileRow);

const litetreeLines: RowsOf = async (set, image, node, allowCommands) => {
  const run = allowCommands ? shellCommands(log) : refuseCommands(log);
  const sources = await resolveLitetree(set, image, node, run);
  for (const error of sources.flatMap((source) => source.errors))
    process.stderr.write(`Error: ${printable(error)}\n`);
  return sources.map((source) => source.source);
};

export const litefile = nodeCommand("litefile", "the litefile rows that nodes get", litefileLines);
export const litetree = nodeCommand("litetree", "the litetree sources that nodes get", litetreeLines);

function nodeCommand(name: string, summary: string, rowsOf: RowsOf): Command {
  const help = `Usage: statelite-server ${name} --tables DIR NODERANGE
Prints ${summary}, as \`${name}\` of xCAT does.

  --tables DIR  CSV files in tabdump form; also sqlite:DIR, pg:DSN and cfgloc:FILE
  --json        an array of {node, image, rows}
  --allow-cmd   run the #CMD= of litetree rows
`;
  const run = async (args: readonly string[]): Promise<number> => {
    const { values, positionals } = parseOptions(args, {
      tables: { type: "string" },
      json: { type: "boolean" },
      "allow-cmd": { type: "boolean" },
    });
    const [range, extra] = positionals;
    if (range === undefined || extra !== undefined) throw new UsageError("one noderange is needed");
    const set = await readTables(required(values.tables, "--tables"), log);
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
      const rows = await rowsOf(set, image, node, values["allow-cmd"] === true);
      results.push({ node, image, rows: rows.map(bytesToText) });
    }
    if (values.json === true) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
    else
      for (const { node, rows } of results) for (const row of rows) process.stdout.write(`${node}: ${row}\n`);
    return status;
  };
  return { name, summary, help, run };
}
