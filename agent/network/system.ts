import type { Interface, PciNetworkDevice } from "./interfaces.ts";

/** Lines of the account of the boot, of which this folder needs two kinds; `Log` has them. */
export interface NetworkLog {
  say(text: string): void;
  detail(text: string): void;
}

/** What came of asking for a lease. */
export type DhcpResult =
  | { readonly kind: "lease"; readonly variables: ReadonlyMap<string, string> }
  /** `said`: the client's last words, from outside in part. */
  | { readonly kind: "none"; readonly said: string };

/** An address that an interface has. */
export interface AssignedAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefix: number;
}

/**
 * What bringing up the network needs of the machine. `linuxNetwork` (linux.ts) is the real one; tests have one
 * whose cables come and go as a row says.
 */
export interface NetworkSystem {
  readonly log: NetworkLog;
  /** Interfaces that could carry a boot: Ethernet and InfiniBand, without loopback and the like. */
  interfaces(): readonly Interface[];
  pciNetworkDevices(): readonly PciNetworkDevice[];
  /** Addresses of scope global of all interfaces. */
  addresses(): readonly AssignedAddress[];
  /** Whether an IPv6 address can be used yet (RFC 4862 section 5.4). */
  ipv6State(name: string, address: string): "tentative" | "duplicate" | "usable";
  /** Runs `ip` with these arguments; throws an error whose message holds them and what it said. */
  ip(args: readonly string[]): Promise<void>;
  /** Asks for a lease, for at most so many seconds; nothing of it runs on afterwards. */
  dhcp(name: string, seconds: number): Promise<DhcpResult>;
  /** Writes /etc/resolv.conf of the initramfs. */
  writeResolvConf(text: string): void;
  /** Milliseconds, monotonic. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}
