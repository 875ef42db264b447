import { printable } from "../../agent/errors.ts";
import { droppedRows, formatDropped } from "../../agent/rows/dropped.ts";
import { type CommandRunner, resolveLitetree } from "../../agent/rows/litetree.ts";
import { imageOf } from "../../agent/rows/nodes.ts";
import { formatLitefileRow, litefileRows } from "../../agent/rows/rows.ts";
import { stateLocation } from "../../agent/rows/statemnt.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { defineCommand, UsageError } from "../cli/command.ts";
import { allowCmdOption, noderangeOperand, tablesOf, tablesOption } from "../cli/common.ts";
import type { Options, Values } from "../cli/options.ts";
import { stderrLog as log } from "../log.ts";
import { expandNoderange } from "../model/noderange.ts";
import { refuseCommands, shellCommands } from "../model/run-command.ts";
import { readTables } from "../tables/open.ts";
import { bytesToText } from "../text.ts";

const options = {
  tables: tablesOption,
  image: { takes: "IMAGE", short: "i", completes: { kind: "image" }, help: "the litefile rows of an image" },
  verbose: { short: "V", help: "as xCAT's command takes it; there is nothing more to say" },
  "allow-cmd": allowCmdOption,
  json: { help: "an array of what is known of each node or image" },
} as const satisfies Options;

/** What xCAT's command prints when it is told nothing. */
const summaryHelp = `
  lslite - Display a summary of the statelite information 
		that has been defined for a noderange or an image.
  Usage: 
	lslite [-h | --help]
or
	lslite [-V | --verbose] [-i imagename] | [noderange]
`;

export const lslite = defineCommand({
  name: "lslite",
  summary: "what the tables say about nodes or an image",
  about: "Prints what the tables say about nodes, or about an image, as `lslite` of xCAT does.",
  options,
  operands: [{ ...noderangeOperand, optional: true }],
  notes: "Rows that are in the tables and reach no node are named on standard error.",
  run,
});

/** All that lslite shows of one node; of an image only the first two are known. */
interface Summary {
  readonly node?: string;
  readonly image: string;
  readonly statemnt?: string;
  readonly litefile: readonly string[];
  readonly litetree?: readonly string[];
}

async function run(values: Values<typeof options>, [range]: readonly string[]): Promise<number> {
  if (range === undefined && values.image === undefined) {
    process.stdout.write(summaryHelp);
    return 2;
  }
  if (range !== undefined && values.image !== undefined)
    throw new UsageError(`nodes (${range}) or an image (${values.image}), not both`);
  const set = await readTables(tablesOf(values), log);
  const run = values["allow-cmd"] === true ? shellCommands(log) : refuseCommands(log);
  const { summaries, errors } =
    values.image === undefined ? await ofNodes(set, range ?? "", run) : ofImage(set, values.image);
  for (const error of errors) process.stderr.write(`Error: ${printable(error)}\n`);
  if (summaries.length > 0)
    for (const note of droppedRows(set)) process.stderr.write(`${printable(formatDropped(note))}\n`);
  if (values.json === true) process.stdout.write(`${bytesToText(JSON.stringify(summaries, undefined, 2))}\n`);
  else if (summaries.length > 0) process.stdout.write(`${bytesToText(summaries.map(format).join("\n"))}\n`);
  return errors.length > 0 ? 1 : 0;
}

/** What is known, and what is wrong with the rest. */
interface Found {
  readonly summaries: readonly Summary[];
  readonly errors: readonly string[];
}

function ofImage(set: TableSet, image: string): Found {
  if (tableOf(set, "osimage").rowsWhere("imagename", image).length === 0)
    return { summaries: [], errors: [`The osimage named '${image}' is not defined.`] };
  return { summaries: [{ image, litefile: litefileRows(set, image).map(formatLitefileRow) }], errors: [] };
}

async function ofNodes(set: TableSet, range: string, runCommand: CommandRunner): Promise<Found> {
  const { nodes, missing } = expandNoderange(set, range);
  if (missing.length > 0)
    return { summaries: [], errors: [`Invalid nodes and/or groups in noderange: ${missing.join(",")}`] };
  const summaries: Summary[] = [];
  const errors: string[] = [];
  for (const node of nodes) {
    const image = imageOf(set, node);
    if (image === undefined) {
      errors.push(`${node} does not have os, arch, or profile defined in nodetype table`);
      continue;
    }
    const sources = await resolveLitetree(set, image, node, runCommand);
    const state = await stateLocation(set, node, runCommand);
    errors.push(...state.errors, ...sources.flatMap((source) => source.errors));
    summaries.push({
      node,
      image,
      statemnt: state.statemnt,
      litefile: litefileRows(set, image).map(formatLitefileRow),
      litetree: sources.map(({ priority, source }) => `${priority}, ${source}`),
    });
  }
  return { summaries, errors };
}

function format(summary: Summary): string {
  const indent = (lines: readonly string[]): string => lines.map((line) => `        ${line}\n`).join("");
  if (summary.node === undefined) return indent(summary.litefile).trimEnd();
  return `>>>Node: ${summary.node}

Osimage: ${summary.image}

Persistent directory (statelite table):
${indent(summary.statemnt === undefined || summary.statemnt === "" ? [] : [summary.statemnt])}
Litefiles (litefile table):
${indent(summary.litefile)}
Litetree path (litetree table):
${indent(summary.litetree ?? [])}`;
}
