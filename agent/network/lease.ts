import { printable } from "../errors.ts";
import { ipv4Number, isDomainName, isHostIpv4, prefixOfMask } from "./addresses.ts";

/**
 * What a DHCP server granted, out of the variables that udhcpc gives its script. The server may be anyone's:
 * each value is checked, and one that is not what it should be is left out and told. Pure.
 */

/** A route to a network; without `via` its hosts are on the link itself. */
export interface Route {
  /** `10.20.0.0/16`, or `default`. */
  readonly to: string;
  readonly via?: string;
}

export interface Lease {
  readonly address: string;
  readonly prefix: number;
  /** Of option 121 where the server sent it, else of option 3 (RFC 3442: the latter is to be ignored then). */
  readonly routes: readonly Route[];
  readonly nameservers: readonly string[];
  readonly hostname?: string;
  readonly domain?: string;
  readonly search: readonly string[];
  readonly mtu?: number;
  /** The DHCP server's address, for messages. */
  readonly server?: string;
}

/** Limits on what one server can make the node do. */
const MAX_ROUTES = 64;
const MAX_NAMESERVERS = 8;
const MAX_SEARCH = 16;

/** Everything an IPv4 interface must be able to carry, and the largest IP packet (RFC 791). */
const MTU = { least: 576, most: 65535 };

/**
 * What udhcpc writes in place of a host or domain name with odd bytes in it (networking/udhcp/dhcpc.c). Taken for a
 * name, it would be that of every such node.
 */
const UNFIT = "bad";

/** The variables out of what `env -0` wrote: `name=value` and a NUL each. */
export function parseVariables(text: string): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const entry of text.split("\0")) {
    const equals = entry.indexOf("=");
    if (equals > 0) variables.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return variables;
}

/**
 * @returns the lease, undefined where its address is of no use; `ignored` has a line for each value that was
 * left out: `router: 10.0.0.256`.
 */
export function readLease(variables: ReadonlyMap<string, string>): {
  readonly lease: Lease | undefined;
  readonly ignored: readonly string[];
} {
  const ignored: string[] = [];
  const words = (name: string): string[] => (variables.get(name) ?? "").split(/\s+/).filter((w) => w !== "");
  const ignore = (name: string, value: string): void => {
    ignored.push(`${name}: ${printable(value.slice(0, 80))}`);
  };
  /** The words of a variable that pass, at most `limit`. */
  const list = (name: string, passes: (word: string) => boolean, limit: number): string[] =>
    words(name).filter((word, index) => {
      const good = index < limit && passes(word);
      if (!good) ignore(name, word);
      return good;
    });
  const one = (name: string, passes: (word: string) => boolean): string | undefined => {
    const value = variables.get(name);
    if (value === undefined || value === "") return undefined;
    // Some servers end names with a dot, or with the NUL that C strings have.
    const trimmed = value.trim().replace(/\.$/, "");
    if (passes(trimmed)) return trimmed;
    ignore(name, value);
    return undefined;
  };

  const address = one("ip", isHostIpv4);
  if (address === undefined) return { lease: undefined, ignored };
  const mask = one("subnet", (m) => (prefixOfMask(m) ?? 0) > 0);
  const staticRoutes = readStaticRoutes(words("staticroutes"), ignore);
  const routers = list("router", isHostIpv4, MAX_ROUTES);
  const name = (option: "hostname" | "domain"): string | undefined => {
    if (variables.get(option) !== UNFIT) return one(option, isDomainName);
    ignore(option, "one with odd bytes");
    return undefined;
  };
  const named = name("hostname");
  // Its parts would be the domain of nobody.
  const hostname = named !== undefined && ipv4Number(named) !== undefined ? undefined : named;
  if (named !== hostname) ignore("hostname", named ?? "");
  const domain = name("domain");
  const search = list("search", (word) => isDomainName(word.replace(/\.$/, "")), MAX_SEARCH);
  const mtu = one("mtu", (m) => /^\d{1,5}$/.test(m) && Number(m) >= MTU.least && Number(m) <= MTU.most);
  const server = one("serverid", isHostIpv4);
  const lease: Lease = {
    address,
    prefix: mask === undefined ? classPrefix(address) : (prefixOfMask(mask) ?? 32),
    routes: staticRoutes ?? routers.slice(0, 1).map((via) => ({ to: "default", via })),
    nameservers: list("dns", isHostIpv4, MAX_NAMESERVERS),
    search: search.map((word) => word.replace(/\.$/, "")),
    ...(hostname === undefined ? {} : { hostname }),
    ...(domain === undefined ? {} : { domain }),
    ...(mtu === undefined ? {} : { mtu: Number(mtu) }),
    ...(server === undefined ? {} : { server }),
  };
  return { lease, ignored };
}

/** Option 121: `NETWORK/PREFIX GATEWAY` in turn; undefined where there is none. */
function readStaticRoutes(
  words: readonly string[],
  ignore: (name: string, value: string) => void,
): readonly Route[] | undefined {
  if (words.length === 0) return undefined;
  const routes: Route[] = [];
  for (let i = 0; i < words.length; i += 2) {
    const [destination = "", gateway = ""] = words.slice(i, i + 2);
    const to = readDestination(destination);
    const onLink = gateway === "0.0.0.0";
    if (to === undefined || !(onLink || isHostIpv4(gateway)) || routes.length >= MAX_ROUTES) {
      ignore("staticroutes", `${destination} ${gateway}`);
    } else {
      routes.push(onLink ? { to } : { to, via: gateway });
    }
  }
  return routes;
}

/** The kernel refuses a network with bits set below its prefix. */
function readDestination(text: string): string | undefined {
  const [network = "", prefix = "", more] = text.split("/");
  const number = ipv4Number(network);
  if (number === undefined || more !== undefined || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32)
    return undefined;
  if (number % 2 ** (32 - Number(prefix)) !== 0) return undefined;
  return Number(prefix) === 0 ? "default" : `${network}/${Number(prefix)}`;
}

/** The mask that an address of a class had (RFC 791): for servers that send none. */
function classPrefix(address: string): number {
  const first = Number(address.split(".")[0]);
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}
