import { type CommandRunner, resolveLitetree } from "../../agent/rows/litetree.ts";
import { imageOf } from "../../agent/rows/nodes.ts";
import { formatLitefileRow, litefileRows } from "../../agent/rows/rows.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import type { Identity } from "../identity/identify.ts";
import { partitionLines } from "../model/partition.ts";
import { escapeText, infoEnd, infoStart, writeReply } from "../protocol/answer.ts";
import { perSet } from "../tables/per-set.ts";

/** What an answer depends on besides the request. */
export interface AnswerContext {
  readonly set: TableSet;
  /** Short host name, for `<xcatdsource>`. */
  readonly server: string;
  readonly asker: Identity & { readonly certificateName?: string };
  readonly runCommand: CommandRunner;
}

/** A command that nodes may ask for. */
export interface NodeCommand {
  /** Writes what it says about one node; gives the number of its lines. */
  write(context: AnswerContext, node: string, write: (text: string) => void): Promise<number>;
  /** Whom the server does not know gets a usage text, else just the end of an answer. */
  readonly hasUsage: boolean;
}

/** What the server answers, if policy agrees. A command to be added is a line here. */
export const nodeCommands: Readonly<Record<string, NodeCommand>> = {
  litefile: { write: litefile, hasUsage: true },
  litetree: { write: litetree, hasUsage: true },
  getpartition: { write: getpartition, hasUsage: false },
};

/** Escaped once for each image and set of tables: the answers of its nodes differ in their names only. */
const litefileTexts = perSet(() => new Map<string, readonly string[]>());

async function litefile(
  context: AnswerContext,
  node: string,
  write: (text: string) => void,
): Promise<number> {
  const image = imageOf(context.set, node);
  if (image === undefined) return noImage(context, node, write);
  const texts = litefileTexts(context.set);
  let lines = texts.get(image);
  if (lines === undefined) {
    lines = litefileRows(context.set, image).map((row) => escapeText(formatLitefileRow(row)));
    texts.set(image, lines);
  }
  const start = `${infoStart}${escapeText(node)}: `;
  const end = infoEnd(context.server);
  for (const line of lines) write(`${start}${line}${end}`);
  return lines.length;
}

async function litetree(
  context: AnswerContext,
  node: string,
  write: (text: string) => void,
): Promise<number> {
  const image = imageOf(context.set, node);
  if (image === undefined) return noImage(context, node, write);
  const sources = await resolveLitetree(context.set, image, node, context.runCommand);
  for (const { source, errors } of sources) {
    for (const error of errors) write(writeReply({ error }, context.server));
    write(writeReply({ info: `${node}: ${source}` }, context.server));
  }
  return sources.length;
}

function noImage(context: AnswerContext, node: string, write: (text: string) => void): number {
  write(
    writeReply(
      { error: `${node} does not have os, arch, or profile defined in nodetype table` },
      context.server,
    ),
  );
  return 0;
}

async function getpartition(
  context: AnswerContext,
  node: string,
  write: (text: string) => void,
): Promise<number> {
  const data = await partitionLines(context.set, node);
  write(writeReply({ data }, context.server));
  return data.length;
}
