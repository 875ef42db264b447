import type { Identity } from "../identity/identify.ts";
import { type CommandRunner, resolveLitetree } from "../model/litetree.ts";
import { expandNoderange } from "../model/noderange.ts";
import { imageOf } from "../model/nodes.ts";
import { decide } from "../model/policy.ts";
import { litefileRows } from "../model/rows.ts";
import { escapeText, infoEnd, infoStart, writeDone, writeRefusal, writeReply } from "../protocol/answer.ts";
import type { Request } from "../protocol/request.ts";
import { perSet } from "../tables/per-set.ts";
import type { TableSet } from "../tables/table.ts";

/** What an answer depends on besides the request. */
export interface AnswerContext {
  readonly set: TableSet;
  /** Short host name, for `<xcatdsource>`. */
  readonly server: string;
  readonly asker: Identity & { readonly certificateName?: string };
  readonly runCommand: CommandRunner;
}

export interface Answer {
  /** The whole answer, to its serverdone. ASCII. */
  readonly text: string;
  /** For the log: `26 lines`, `refused: …`. */
  readonly summary: string;
}

/** Writes what a command says about one node; gives the number of its lines. */
type NodeCommand = (context: AnswerContext, node: string, write: (text: string) => void) => Promise<number>;

/** The commands that nodes may ask for, if policy agrees. A command to be added is a line here. */
const nodeCommands: Readonly<Record<string, NodeCommand>> = { litefile, litetree };

/** The answer to a well-formed request: never throws, always complete. */
export async function answer(context: AnswerContext, request: Request): Promise<Answer> {
  const { set, asker } = context;
  const asked = request.noderange === undefined ? undefined : expandNoderange(set, request.noderange);
  const decision = decide(set, asker, { ...request, ...(asked === undefined ? {} : { nodes: asked.nodes }) });
  const refuse = (error: string, why: string): Answer => ({
    text: writeRefusal(error, request.transid),
    summary: `refused: ${why}`,
  });
  const command = Object.hasOwn(nodeCommands, request.command) ? nodeCommands[request.command] : undefined;
  if (!decision.allowed) return refuse("Permission denied for request", decision.why);
  if (command === undefined) return refuse("Permission denied for request", "no such command here");
  if (asked !== undefined && (asked.missing.length > 0 || asked.nodes.length === 0)) {
    const missing = asked.missing.length > 0 ? asked.missing.join(",") : (request.noderange ?? "");
    return refuse(`Invalid nodes and/or groups in noderange: ${missing}`, `noderange ${request.noderange}`);
  }
  const { others } = decision;
  const foreign = asked?.nodes.find((node) => node !== asker.node && others !== "all" && !others.has(node));
  // Deliberately not as xcatd: there any node may read any other's rows once the command is allowed.
  if (foreign !== undefined)
    return refuse(
      "Permission denied for request",
      `rows of ${foreign}, which no policy row gives to ${asker.host}`,
    );
  const nodes = asked?.nodes ?? (asker.node === undefined ? [] : [asker.node]);
  return carryOut(context, request, command, nodes);
}

async function carryOut(
  context: AnswerContext,
  request: Request,
  command: NodeCommand,
  nodes: readonly string[],
): Promise<Answer> {
  const pieces: string[] = [];
  let lines = 0;
  for (const node of nodes) lines += await command(context, node, (text) => void pieces.push(text));
  if (nodes.length === 0) {
    // Not an error element: so xcatd answers whom it does not know.
    const usage = `Usage: ${request.command} <noderange>\nexample:\n\t${request.command} node1`;
    pieces.push(writeReply({ info: usage }, context.server));
  }
  pieces.push(writeDone(request.transid));
  const summary = nodes.length === 0 ? "usage: the address stands for no node" : `${lines} lines`;
  return { text: pieces.join(""), summary };
}

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

/** Options padded to 13 characters, then the path: the line of `litefile` after the node's name. */
export function formatLitefileRow(row: { readonly options: string; readonly file: string }): string {
  return `${row.options.padEnd(13)} ${row.file}`;
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
