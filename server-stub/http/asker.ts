import { isNode, siteValue } from "../../agent/rows/nodes.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import { type Identity, identify, type NameSource, nodeNames } from "../identity/identify.ts";
import { decide } from "../model/policy.ts";
import { type HttpAnswer, problem } from "./answer.ts";
import type { Tokens } from "./tokens.ts";

/** Who sent a request, and by what that is known. */
export interface Asker extends Identity {
  readonly certificateName?: string;
  readonly by: "address" | "token" | "certificate";
}

/** What a connection and a request tell about the one at the other end. */
export interface Credentials {
  readonly remoteAddress: string;
  /** CN of a client certificate that the CA signed. */
  readonly certificateName?: string;
  /** The Authorization header. */
  readonly authorization?: string;
}

/**
 * A bearer token goes before a client certificate with a node's name, and that before the source address, which
 * counts as on xcatd's port. A token that is wrong is no reason to look further.
 */
export async function findAsker(
  set: TableSet,
  { remoteAddress, certificateName, authorization }: Credentials,
  names: readonly NameSource[],
  tokens: Tokens,
): Promise<Asker | HttpAnswer> {
  const certificate = certificateName === undefined ? {} : { certificateName };
  if (authorization !== undefined) {
    const [, token = ""] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization) ?? [];
    const node = nodeCalled(set, await tokens.nodeOf(token));
    if (node === undefined) {
      const headers = { "WWW-Authenticate": 'Bearer realm="statelite"' };
      return problem(401, "unauthorized", "this is no token of a node", headers);
    }
    return { address: remoteAddress, host: node, node, by: "token", ...certificate };
  }
  const certified = nodeCalled(set, certificateName);
  if (certified !== undefined)
    return { address: remoteAddress, host: certified, node: certified, by: "certificate", ...certificate };
  return { ...(await identify(set, remoteAddress, names)), by: "address", ...certificate };
}

/** The node of a name, with the site's domain or without. */
function nodeCalled(set: TableSet, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  return nodeNames(name, siteValue(set, "domain")).find((candidate) => isNode(set, candidate));
}

/** What stands for the node that asks, where it does not know its own name. */
const ITSELF = "-";

/** Commands of the policy table that a request stands for. */
export interface Commands {
  /** Of the node itself; without any there is nothing that policy has to allow. */
  readonly own: readonly string[];
  /** Of who is another; absent where nobody else may. */
  readonly others: readonly string[] | undefined;
}

/**
 * The node that a request is about, if its sender may have it.
 *
 * @param wanted as the path has it: a node's name, with the site's domain or without, or `-`
 * @param commands what the policy table has to allow, as on xcatd's port
 */
export function nodeFor(
  set: TableSet,
  asker: Asker,
  wanted: string,
  commands: Commands,
): { readonly node: string } | HttpAnswer {
  const name = wanted === ITSELF ? asker.node : nodeCalled(set, wanted);
  if (name !== undefined && name === asker.node) {
    const refused = commands.own.map((command) => decide(set, asker, { command, args: [] })).find(isRefused);
    return refused === undefined ? { node: name } : problem(403, "refused", refusalText(refused.why));
  }
  // Whether there is another node of some name is for those to know who may ask for it.
  const asked = name ?? wanted;
  const why = commands.others === undefined ? "no one else's" : foreign(set, asker, asked, commands.others);
  if (why === undefined)
    return name === undefined
      ? problem(404, "unknown-node", `nodelist has no node ${wanted}`)
      : { node: name };
  if (asker.node !== undefined) {
    return problem(403, "other-node", `this node is ${asker.node}; it may not have what is ${asked}'s`);
  }
  const named = asker.host === asker.address ? "has no name" : `has the name ${asker.host}, which is no node`;
  return problem(403, "unknown-node", `the address ${asker.address} ${named}`);
}

/** Why rows of a node that is not the asker's own are not for it. */
function foreign(set: TableSet, asker: Asker, node: string, commands: readonly string[]): string | undefined {
  for (const command of commands) {
    const decision = decide(set, asker, { command, args: [], nodes: [node] });
    if (!decision.allowed) return decision.why;
    if (decision.others !== "all" && !decision.others.has(node)) return `no policy row gives ${node}'s rows`;
  }
  return undefined;
}

function isRefused(decision: ReturnType<typeof decide>): decision is { allowed: false; why: string } {
  return !decision.allowed;
}

function refusalText(why: string): string {
  return `Permission denied for request (${why})`;
}
