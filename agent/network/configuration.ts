import { isIPv6 } from "node:net";
import type { IpMethod, NetworkOptions } from "../cmdline/options.ts";
import { sameIpv4Network } from "./addresses.ts";
import type { Lease, Route } from "./lease.ts";

/** How an interface is to be set up, from a lease or from `ip=`, and the `ip` commands that do it. Pure. */

export interface Configuration {
  readonly address: string;
  readonly prefix: number;
  readonly routes: readonly Route[];
  readonly mtu?: number;
  readonly hostname?: string;
  readonly domain?: string;
  readonly search: readonly string[];
  readonly nameservers: readonly string[];
}

/** What the command line says goes before what the DHCP server says. */
export function fromLease(lease: Lease, options: NetworkOptions): Configuration {
  const { mtu, hostname, nameservers = [] } = options.ip.kind === "dhcp" ? options.ip : {};
  const given = { ...lease, ...(mtu !== undefined && { mtu }), ...(hostname !== undefined && { hostname }) };
  return complete(given, [...options.nameservers, ...nameservers, ...lease.nameservers]);
}

export function fromStatic(ip: IpMethod & { kind: "static" }, options: NetworkOptions): Configuration {
  return complete(
    {
      address: ip.address,
      prefix: ip.prefix,
      routes: ip.gateway === undefined ? [] : [{ to: "default", via: ip.gateway }],
      search: [],
      ...(ip.hostname === undefined ? {} : { hostname: ip.hostname }),
      ...(ip.mtu === undefined ? {} : { mtu: ip.mtu }),
    },
    [...options.nameservers, ...ip.nameservers],
  );
}

/** The domain is that of a full host name where none is given, and searched where no search list is given. */
function complete(given: Omit<Configuration, "nameservers">, nameservers: readonly string[]): Configuration {
  const dot = given.hostname?.indexOf(".") ?? -1;
  const domain = given.domain ?? (dot > 0 ? given.hostname?.slice(dot + 1) : undefined);
  return {
    address: given.address,
    prefix: given.prefix,
    routes: given.routes,
    ...(given.mtu === undefined ? {} : { mtu: given.mtu }),
    ...(given.hostname === undefined ? {} : { hostname: given.hostname }),
    ...(domain === undefined ? {} : { domain }),
    search: given.search.length > 0 || domain === undefined ? given.search : [domain],
    nameservers: [...new Set(nameservers)],
  };
}

/** The gateway of the default route. */
export function gatewayOf(configuration: Configuration): string | undefined {
  return configuration.routes.find((route) => route.to === "default")?.via;
}

/** Arguments of one `ip` command. What is not `essential` may fail with a note: the boot may well go on. */
export interface IpCommand {
  readonly args: readonly string[];
  readonly essential: boolean;
}

/**
 * The commands that set the interface up, in order; running them again changes nothing. A gateway outside the
 * interface's own network first gets a route to itself, as a /32 lease needs.
 */
export function ipCommands(name: string, configuration: Configuration): readonly IpCommand[] {
  const { address, prefix, mtu, routes } = configuration;
  const v6 = isIPv6(address);
  const family = v6 ? "-6" : "-4";
  const host = v6 ? "/128" : "/32";
  const reachable = new Set(
    // Whether an IPv6 gateway is on the link is left to the kernel: it mostly is a link-local address.
    routes.flatMap(({ via }) => (via && (v6 || sameIpv4Network(via, address, prefix)) ? [via] : [])),
  );
  const commands: IpCommand[] = [];
  const add = (essential: boolean, ...args: string[]): void => {
    commands.push({ essential, args });
  };
  if (mtu !== undefined) add(false, "link", "set", "dev", name, "mtu", String(mtu));
  // Left over from firmware, the kernel's own configuration or an earlier attempt.
  add(false, family, "addr", "flush", "dev", name, "scope", "global");
  const broadcast = !v6 && prefix < 31 ? ["broadcast", "+"] : [];
  add(true, family, "addr", "add", `${address}/${prefix}`, ...broadcast, "dev", name);
  // The narrowest first: a gateway may be reached only over another route of the list.
  for (const { to, via } of [...routes].sort((a, b) => prefixOf(b) - prefixOf(a))) {
    if (via === undefined) {
      add(false, family, "route", "replace", to, "dev", name);
      continue;
    }
    if (!reachable.has(via)) add(false, family, "route", "replace", `${via}${host}`, "dev", name);
    reachable.add(via);
    add(false, family, "route", "replace", to, "via", via, "dev", name);
  }
  return commands;
}

function prefixOf(route: Route): number {
  return Number(route.to.split("/")[1] ?? 0);
}

/** resolv.conf(5), for busybox and the debug shell; the C library reads the first three servers. */
export function resolvConf(configuration: Configuration): string {
  const lines = configuration.nameservers.map((server) => `nameserver ${server}`);
  if (configuration.search.length > 0) lines.unshift(`search ${configuration.search.join(" ")}`);
  return lines.map((line) => `${line}\n`).join("");
}
