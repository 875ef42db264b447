import { isNode, siteValue } from "../../agent/rows/nodes.ts";
import type { TableSet } from "../../agent/rows/table.ts";
import { canonicalAddress } from "./hosts.ts";

/** Who is at the other end, as far as its source address tells. */
export interface Identity {
  readonly address: string;
  /** The node of that name; absent where the address has no name or the name is no node. */
  readonly node?: string;
  /** The name with domain and interface taken off, else the address: what policy rows call `host`. */
  readonly host: string;
}

/** Names of an address from one place, best first. */
export interface NameSource {
  namesOf(address: string): Promise<readonly string[]>;
}

/** Asks the sources in order; the first that has names is believed. */
export async function identify(
  set: TableSet,
  remoteAddress: string,
  sources: readonly NameSource[],
): Promise<Identity> {
  const address = canonicalAddress(remoteAddress) ?? remoteAddress;
  for (const source of sources) {
    const names = await source.namesOf(address);
    const [first] = names;
    if (first === undefined) continue;
    const domain = siteValue(set, "domain");
    const node = names.flatMap((name) => nodeNames(name, domain)).find((name) => isNode(set, name));
    const host = node ?? nodeNames(first, domain)[0] ?? address;
    return node === undefined ? { address, host } : { address, host, node };
  }
  return { address, host: address };
}

/**
 * The node names that a reverse name may stand for: with the site's domain and then an interface's suffix
 * taken off, else as it is. A foreign domain stays, and then the name is no node.
 */
export function nodeNames(reverseName: string, domain: string): readonly string[] {
  const name = reverseName.replace(/\.$/, "");
  const suffix = `.${domain}`;
  const short = domain !== "" && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  const bare = short
    .replace(/-eth\d*$/, "")
    .replace(/-myri\d*$/, "")
    .replace(/-ib\d*$/, "");
  return bare === name ? [name] : [bare, name];
}
