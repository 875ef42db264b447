import { type HttpAnswer, problem, validated } from "./answer.ts";
import { type Commands, findAsker, nodeFor } from "./asker.ts";
import { bootText } from "./boot-text.ts";
import type { HttpContext, HttpRequest } from "./context.ts";

/** All that a boot of the node has to be told. */
export async function tellBoot(request: HttpRequest, context: HttpContext): Promise<HttpAnswer> {
  const set = context.tables.current();
  const asker = await findAsker(set, request.credentials, context.names, context.tokens);
  if ("status" in asker) return asker;
  const found = nodeFor(set, asker, request.path["node"] ?? "", both(["litefile", "litetree"]));
  if ("status" in found) return found;
  const { node } = found;
  const mayPartition = !("status" in nodeFor(set, asker, node, both(["getpartition"])));
  const text = await bootText(set, node, context.runCommand, mayPartition);
  if (text !== undefined) return validated(text.own, text.shared, request.headers.get("if-none-match"));
  const detail = `${node} does not have os, arch, or profile defined in nodetype table`;
  return problem(409, "no-image", detail);
}

/** What is asked for another node takes the same commands as what a node asks for itself. */
function both(commands: readonly string[]): Commands {
  return { own: commands, others: commands };
}
