import { join } from "node:path";
import { xnbaPath } from "../../server-stub/nodeset/layout.ts";
import { DOMAIN, hostsFile, MANAGEMENT_NODE, type NodeAddress, SERVER_ADDRESS } from "./network.ts";
import type { ServiceDefinition } from "./service.ts";

/** What both of dnsmasq's roles share (dnsmasq(8)): nothing of this host's own configuration is read. */
const base = ["keep-in-foreground", "log-facility=-", "user=root", "no-hosts", "no-resolv", "pid-file"];

/** What is wrong with the name server. */
export interface DnsFaults {
  /** Further names, which need not be true. */
  readonly names?: readonly { readonly name: string; readonly address: string }[];
  /** Seconds until each answer. */
  readonly delay?: number;
}

/** Where the name server itself listens when something slow stands before it. */
const BEHIND = 5353;

/** DNS for the cluster's domain, with reverse names. Names of nobody are refused, not passed on. */
export function dnsServer(
  nodes: readonly NodeAddress[],
  directory: string,
  { names = [], delay }: DnsFaults,
): ServiceDefinition {
  const port = delay === undefined ? 53 : BEHIND;
  const config = join(directory, "dns.conf");
  const hosts = join(directory, "dns.hosts");
  const lines = [
    ...base,
    `port=${port}`,
    `listen-address=${SERVER_ADDRESS}`,
    "bind-interfaces",
    `domain=${DOMAIN}`,
    `local=/${DOMAIN}/`,
    "local=/0.0.10.in-addr.arpa/",
    `addn-hosts=${hosts}`,
    "log-queries",
  ];
  return {
    name: "dns",
    argv: ["dnsmasq", `--conf-file=${config}`],
    port,
    files: {
      [config]: `${lines.join("\n")}\n`,
      [hosts]: hostsFile([{ name: MANAGEMENT_NODE, address: SERVER_ADDRESS }, ...nodes, ...names]),
    },
  };
}

/** Stands before the name server, and takes its time: see slow-dns.ts. */
export function slowDns(delay: number): ServiceDefinition {
  const script = join(import.meta.dirname, "slow-dns.ts");
  return {
    name: "slow-dns",
    argv: [process.execPath, script, SERVER_ADDRESS, String(BEHIND), String(delay)],
  };
}

/**
 * DHCP with a fixed address and host name for each MAC address; others get nothing.
 *
 * @param tftp what boot loaders read by TFTP, as `nodeset` fills it: each node is told its own configuration, as an
 *   iPXE wants it
 */
export function dhcpServer(
  nodes: readonly NodeAddress[],
  directory: string,
  tftp?: string,
): ServiceDefinition {
  const config = join(directory, "dhcp.conf");
  const lines = [
    ...base,
    "port=0",
    "interface=br0",
    "bind-dynamic",
    `dhcp-range=${SERVER_ADDRESS},static,255.255.255.0,1h`,
    "dhcp-authoritative",
    // The address belongs to the machine: nobody else needs to be asked by a ping of three seconds.
    "no-ping",
    `dhcp-leasefile=${join(directory, "dhcp.leases")}`,
    `dhcp-option=option:dns-server,${SERVER_ADDRESS}`,
    `dhcp-option=option:router,${SERVER_ADDRESS}`,
    `domain=${DOMAIN}`,
    `dhcp-option=option:domain-name,${DOMAIN}`,
    ...nodes.map(({ mac, address, name }) => `dhcp-host=${mac},set:${name},${address},${name}`),
    ...(tftp === undefined ? [] : bootOptions(nodes, tftp)),
    "log-dhcp",
  ];
  return {
    name: "dhcp",
    argv: ["dnsmasq", `--conf-file=${config}`],
    files: { [config]: `${lines.join("\n")}\n` },
  };
}

/** The server's address goes with it: it is what `next-server` means in the configuration. */
function bootOptions(nodes: readonly NodeAddress[], tftp: string): string[] {
  const boot = nodes.map(
    ({ name }) => `dhcp-boot=tag:${name},${xnbaPath(name)},${MANAGEMENT_NODE},${SERVER_ADDRESS}`,
  );
  return ["enable-tftp", `tftp-root=${tftp}`, ...boot];
}
