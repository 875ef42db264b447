import { UnreadableTable } from "../../agent/rows/table.ts";
import { expandNoderange } from "../model/noderange.ts";
import { decide } from "../model/policy.ts";
import { writeDone, writeRefusal, writeReply } from "../protocol/answer.ts";
import type { Request } from "../protocol/request.ts";
import { type AnswerContext, type NodeCommand, nodeCommands } from "./node-commands.ts";

export interface Answer {
  /** The whole answer, to its serverdone. ASCII. */
  readonly text: string;
  /** For the log: `26 lines`, or why it was refused. */
  readonly summary: string;
  /** The request was not carried out, or the server does not know who asks. */
  readonly refused: boolean;
}

/** The answer to a well-formed request: always complete. Half of what somebody asks for is never told. */
export async function answer(context: AnswerContext, request: Request): Promise<Answer> {
  try {
    return await decideAndAnswer(context, request);
  } catch (error) {
    if (!(error instanceof UnreadableTable)) throw error;
    const text = writeRefusal(
      `the ${error.table} table cannot be read; the server's log has more`,
      request.transid,
    );
    return { text, summary: error.message, refused: true };
  }
}

async function decideAndAnswer(context: AnswerContext, request: Request): Promise<Answer> {
  const { set, asker } = context;
  const asked = request.noderange === undefined ? undefined : expandNoderange(set, request.noderange);
  const decision = decide(set, asker, { ...request, ...(asked === undefined ? {} : { nodes: asked.nodes }) });
  const refuse = (error: string, why: string): Answer => ({
    text: writeRefusal(error, request.transid),
    summary: why,
    refused: true,
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
  for (const node of nodes) lines += await command.write(context, node, (text) => void pieces.push(text));
  if (nodes.length === 0 && command.hasUsage) {
    // Not an error element: so xcatd answers whom it does not know.
    const usage = `Usage: ${request.command} <noderange>\nexample:\n\t${request.command} node1`;
    pieces.push(writeReply({ info: usage }, context.server));
  }
  pieces.push(writeDone(request.transid));
  const summary = nodes.length === 0 ? "the address stands for no node" : `${lines} lines`;
  return { text: pieces.join(""), summary, refused: nodes.length === 0 };
}
