import type { NetworkOptions } from "../cmdline/options.ts";

/** Which network interface the node boots over. Pure; the interfaces are read in sysfs.ts. */

export interface Interface {
  readonly name: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** Set up by us or somebody (IFF_UP). */
  readonly up: boolean;
  /** A cable with something at the other end; known only while it is up. */
  readonly carrier: boolean;
  /** There is hardware behind it; false for a bridge, a veth and the like. */
  readonly physical: boolean;
}

/** A PCI network device (class 02), for the message where no interface is there. */
export interface PciNetworkDevice {
  /** `0000:00:03.0` */
  readonly slot: string;
  /** `8086:100e` */
  readonly id: string;
  readonly modalias: string;
  /** Absent where no driver has taken it. */
  readonly driver?: string;
  /** An interface came of it. */
  readonly hasInterface: boolean;
}

/** What the command line wants: one interface, or any that has link; `why` is the parameter's text for messages. */
export type Wanted =
  | { readonly kind: "name"; readonly name: string; readonly why: string }
  | { readonly kind: "mac"; readonly mac: string; readonly why: string }
  | { readonly kind: "any" };

/**
 * `ip=NAME:…` is about that interface and no other; then the one that the firmware booted from; then `netdev=`.
 */
export function wantedInterface(options: NetworkOptions): Wanted {
  const configured = options.ip.kind === "none" ? undefined : options.ip.interface;
  if (configured !== undefined) return byNameOrMac(configured, `ip=…${configured}…`);
  if (options.bootMac !== undefined) {
    return { kind: "mac", mac: options.bootMac, why: `BOOTIF=${options.bootMac}` };
  }
  if (options.netdev !== undefined) return byNameOrMac(options.netdev, `netdev=${options.netdev}`);
  return { kind: "any" };
}

function byNameOrMac(text: string, why: string): Wanted {
  const mac = text.toLowerCase().replaceAll("-", ":");
  return /^([0-9a-f]{2}:){5,19}[0-9a-f]{2}$/.test(mac)
    ? { kind: "mac", mac, why }
    : { kind: "name", name: text, why };
}

/**
 * The order in which interfaces are preferred: hardware first, then by name with numbers as numbers (`eth2` before
 * `eth10`). The same machine gives the same order at every boot.
 */
export function inOrder(interfaces: readonly Interface[]): readonly Interface[] {
  return [...interfaces].sort(
    (a, b) =>
      Number(b.physical) - Number(a.physical) ||
      a.name.localeCompare(b.name, "en", { numeric: true }) ||
      (a.name < b.name ? -1 : 1),
  );
}

/** Those that may serve: the wanted one, or all. */
export function candidates(wanted: Wanted, interfaces: readonly Interface[]): readonly Interface[] {
  const ordered = inOrder(interfaces);
  switch (wanted.kind) {
    case "any":
      return ordered;
    case "name":
      return ordered.filter((i) => i.name === wanted.name);
    case "mac":
      // A bridge or VLAN has the address of the hardware below it, which is what booted.
      return ordered.filter((i) => i.mac === wanted.mac).slice(0, 1);
  }
}

/**
 * The first candidate with link. While one before it in the order has none yet, it is not taken before `patient`
 * ends: links come up in any order, and the choice should be the same at every boot.
 */
export function firstWithLink(ordered: readonly Interface[], patient: boolean): Interface | undefined {
  const first = ordered.findIndex((i) => i.carrier);
  return first > 0 && patient ? undefined : ordered[first];
}

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/**
 * The steps that give each `ifname=` its name. An interface that has a wanted name and another address steps aside
 * first (`eth0` to `aside0`), so that two can also change places.
 */
export function planRenames(
  wanted: NetworkOptions["rename"],
  interfaces: readonly Interface[],
): { readonly steps: readonly Rename[]; readonly missing: NetworkOptions["rename"] } {
  const names = new Map(inOrder(interfaces).map((i) => [i.name, i.mac]));
  const steps: Rename[] = [];
  const missing: { name: string; mac: string }[] = [];
  const rename = (from: string, to: string): void => {
    steps.push({ from, to });
    names.set(to, names.get(from) ?? "");
    names.delete(from);
  };
  for (const { name, mac } of wanted) {
    if (names.get(name) === mac) continue;
    const from = [...names].find(([, address]) => address === mac)?.[0];
    if (from === undefined) {
      missing.push({ name, mac });
      continue;
    }
    if (names.has(name)) {
      let number = 0;
      while (names.has(`aside${number}`)) number++;
      rename(name, `aside${number}`);
    }
    rename(from, name);
  }
  return { steps, missing };
}
