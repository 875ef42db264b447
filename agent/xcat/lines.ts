import { QueryFailure } from "./failure.ts";
import type { Command } from "./request.ts";

/**
 * A line as `node: rest`. Every line of an answer is for the same node; `expected` is the one of the lines before.
 * A value may hold newlines, which stay in `body`.
 */
export function splitNode(command: Command, line: string, expected?: string): { node: string; body: string } {
  const [, node, body] = /^([\w.-]{1,253}): (.*)$/s.exec(line) ?? [];
  if (node === undefined || body === undefined) {
    throw new QueryFailure(
      "protocol",
      `"${line.slice(0, 200)}" is no line of ${command}'s, which start with the node's name and a colon`,
      `try the command on the server: ${command} NODE; see what listens on that port`,
    );
  }
  if (expected !== undefined && node !== expected) {
    throw new QueryFailure(
      "other-node",
      `the answer holds rows for two nodes, ${expected} and ${node}`,
      "see that the node's address has one reverse name only",
    );
  }
  return { node, body };
}
