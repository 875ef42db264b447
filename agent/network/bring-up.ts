import { isIPv6 } from "node:net";
import type { IpMethod, NetworkOptions, Settings } from "../cmdline/options.ts";
import { sayWhile } from "../progress.ts";
import { chooseInterface, waitForLink } from "./choose.ts";
import {
  type Configuration,
  fromLease,
  fromStatic,
  gatewayOf,
  ipCommands,
  resolvConf,
} from "./configuration.ts";
import { candidates, type Interface, wantedInterface } from "./interfaces.ts";
import { readLease } from "./lease.ts";
import { badLease, noAddressYet, noLease, notConfigured } from "./problems.ts";
import type { NetworkSystem } from "./system.ts";

/** The network as the rest of the boot uses it. */
export interface Network {
  readonly interface: string;
  /** Lower case, with colons. */
  readonly mac: string;
  readonly address: string;
  readonly prefix: number;
  readonly gateway?: string;
  /** As DHCP or `ip=` gave it, perhaps with a domain. */
  readonly hostname?: string;
  readonly domain?: string;
  readonly search: readonly string[];
  readonly nameservers: readonly string[];
}

export type NetworkSettings = Pick<Settings, "linkTimeout" | "dhcpTimeout">;

/** How long duplicate address detection may take; one probe and one second (RFC 4862) unless told otherwise. */
const DAD_SECONDS = 5;

/**
 * From nothing to an address: loopback, the interface with link, a lease or the static address, routes, and
 * resolv.conf. Nothing that it started runs afterwards, and the address stays valid until the real system
 * takes over.
 * @throws BootError with codes `network-interface`, `network-link`, `network-dhcp`, `network-address`.
 */
export async function bringUp(
  options: NetworkOptions,
  settings: NetworkSettings,
  system: NetworkSystem,
): Promise<Network> {
  await tolerate(["link", "set", "dev", "lo", "up"], system);
  if (options.ip.kind === "none") return asFound(options, system);
  const linked = await chooseInterface(options, settings, system);
  const chosen = await withMac(linked, options.ip.mac, settings, system);
  system.log.detail(`network: booting over ${chosen.name} (${chosen.mac})`);
  const configuration = await configurationFor(chosen, options.ip, options, settings, system);
  await apply(chosen, configuration, system);
  writeResolvConf(configuration, system);
  const gateway = gatewayOf(configuration);
  const { address, prefix, hostname, domain, search, nameservers } = configuration;
  return {
    interface: chosen.name,
    mac: chosen.mac,
    address,
    prefix,
    ...(gateway === undefined ? {} : { gateway }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(domain === undefined ? {} : { domain }),
    search,
    nameservers,
  };
}

/** `ip=none`: the kernel's own configuration, or somebody's before us, is taken as it is. */
function asFound(options: NetworkOptions, system: NetworkSystem): Network {
  const interfaces = system.interfaces();
  for (const { name, mac } of candidates(wantedInterface(options), interfaces)) {
    const found = system.addresses().find((a) => a.interface === name);
    if (found === undefined) continue;
    const { address, prefix } = found;
    const configuration = { address, prefix, routes: [], search: [], nameservers: options.nameservers };
    // Without a parameter, a resolv.conf that is there says more than an empty one.
    if (options.nameservers.length > 0) writeResolvConf(configuration, system);
    return { interface: name, mac, address, prefix, search: [], nameservers: options.nameservers };
  }
  throw noAddressYet(interfaces);
}

/** `ip=…:MAC`: the interface gets another address, for which it has to be down. */
async function withMac(
  chosen: Interface,
  mac: string | undefined,
  settings: NetworkSettings,
  system: NetworkSystem,
): Promise<Interface> {
  if (mac === undefined || mac === chosen.mac) return chosen;
  try {
    await system.ip(["link", "set", "dev", chosen.name, "down"]);
    await system.ip(["link", "set", "dev", chosen.name, "address", mac]);
    await system.ip(["link", "set", "dev", chosen.name, "up"]);
  } catch (error) {
    throw notConfigured(chosen, mac, reason(error));
  }
  return waitForLink(chosen.name, settings, system);
}

async function configurationFor(
  chosen: Interface,
  ip: Exclude<IpMethod, { kind: "none" }>,
  options: NetworkOptions,
  settings: NetworkSettings,
  system: NetworkSystem,
): Promise<Configuration> {
  if (ip.kind === "static") return fromStatic(ip, options);
  const result = await sayWhile(
    system.log,
    (seconds) => `network: no answer to DHCP on ${chosen.name} (${chosen.mac}) for ${seconds} s, asking on`,
    system.dhcp(chosen.name, settings.dhcpTimeout),
  );
  if (result.kind === "none") {
    const present = system.interfaces();
    const now = present.find((i) => i.name === chosen.name);
    const might = candidates(wantedInterface(options), present).filter((i) => i.name !== chosen.name);
    throw noLease(chosen, now, might, result.said, settings.dhcpTimeout);
  }
  const { lease, ignored } = readLease(result.variables);
  for (const value of ignored) system.log.say(`network: the DHCP server sent what is of no use, ${value}`);
  if (lease === undefined) throw badLease(chosen, ignored);
  system.log.detail(`network: lease of ${lease.address}/${lease.prefix} from ${lease.server ?? "a server"}`);
  return fromLease(lease, options);
}

async function apply(chosen: Interface, configuration: Configuration, system: NetworkSystem): Promise<void> {
  const { address } = configuration;
  for (const { args, essential } of ipCommands(chosen.name, configuration)) {
    if (!essential) {
      await tolerate(args, system);
      continue;
    }
    try {
      await system.ip(args);
    } catch (error) {
      throw notConfigured(chosen, address, reason(error));
    }
  }
  if (isIPv6(address)) await awaitUnique(chosen, address, system);
}

/** Until duplicate address detection is through, nothing can be sent from an IPv6 address. */
async function awaitUnique(chosen: Interface, address: string, system: NetworkSystem): Promise<void> {
  const end = system.now() + DAD_SECONDS * 1000;
  for (;;) {
    const state = system.ipv6State(chosen.name, address);
    if (state === "usable") return;
    if (state === "duplicate") throw notConfigured(chosen, address, "another machine has this address");
    if (system.now() >= end) throw notConfigured(chosen, address, `still tentative after ${DAD_SECONDS} s`);
    await system.sleep(50);
  }
}

/** A missing route or resolv.conf shows later, and then this line of the log tells why. */
async function tolerate(args: readonly string[], system: NetworkSystem): Promise<void> {
  try {
    await system.ip(args);
  } catch (error) {
    system.log.say(`network: ${reason(error)}`);
  }
}

function writeResolvConf(configuration: Configuration, system: NetworkSystem): void {
  try {
    system.writeResolvConf(resolvConf(configuration));
  } catch (error) {
    system.log.say(`network: cannot write resolv.conf: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
