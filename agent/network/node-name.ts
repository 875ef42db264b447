import { isIPv4 } from "node:net";
import { fatal } from "../errors.ts";

/**
 * The node's name (semantics section 3, NODE): what the command line says; else the short host name from DHCP; else
 * the short reverse name of its address. The name becomes that of a directory on the state server, so it has to
 * be one harmless component of a path; a host name that is not, or means no particular host, counts as none.
 *
 * @param node `NODE=`
 * @param hostname from DHCP or `ip=`, perhaps with a domain
 * @param reverse asks DNS for the reverse name; called only where the first two give nothing
 * @returns undefined where there is no name: a failure only where the node keeps state
 * @throws BootError `node-name` where `NODE=` itself is no name
 */
export async function nodeName(
  node: string | undefined,
  hostname: string | undefined,
  reverse: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (node !== undefined && node !== "") {
    if (isDirectoryName(node)) return node;
    throw fatal("node-name", {
      doing: "find the node's name",
      on: `NODE=${node.slice(0, 300)}`,
      found:
        "not a name that a directory can have here: letters, digits, dots, hyphens and underscores, at most 255",
      remedy: "correct NODE= on the kernel command line (nodeset writes the node's name in xCAT)",
    });
  }
  return short(hostname) ?? short(await reverse());
}

function short(hostname: string | undefined): string | undefined {
  // The first number of an address would be the name of all nodes of that network.
  if (hostname === undefined || isIPv4(hostname)) return undefined;
  const [label = ""] = hostname.split(".");
  return isDirectoryName(label) && label !== "localhost" ? label : undefined;
}

/** Neither hidden, nor an option to some command, nor a way out of the directory it is in. */
function isDirectoryName(text: string): boolean {
  return /^[a-z0-9_][a-z0-9._-]{0,254}$/i.test(text);
}
