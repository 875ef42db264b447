import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { nodeAttribute } from "../../agent/rows/nodes.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import { type NodeAddresses, readMacs } from "./layout.ts";

/** Names that no server knows must not take minutes together. */
const lookupMilliseconds = 3000;

/**
 * The node's MAC addresses by the mac table, its address by the hosts table or, without a row there, by the name service
 * of this machine. Neither has to be known: xNBA asks by the node's name.
 *
 * @throws Error where the mac table has something else
 */
export async function addressesOf(set: TableSet, node: string): Promise<NodeAddresses> {
  const macs = readMacs(nodeAttribute(set, node, "mac", "mac"));
  const own = nodeAttribute(set, node, "hosts", "ip");
  return { macs, addresses: isIPv4(own) ? [own] : await lookUp(node) };
}

async function lookUp(node: string): Promise<readonly string[]> {
  let timer: Timer | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, lookupMilliseconds, []);
  });
  const found = lookup(node, { family: 4, all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [], // A name that nobody knows: then there is no link by address.
  );
  const addresses = await Promise.race([found, late]);
  clearTimeout(timer);
  return addresses;
}
