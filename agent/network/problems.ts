import { type BootError, fatal } from "../errors.ts";
import type { Interface, PciNetworkDevice, Wanted } from "./interfaces.ts";

/** What can go wrong on the way to an address, in words. Pure. */

const DOING = "bring up the network";

/** `eth0 (52:54:00:12:34:56, no link)` */
export function describe(i: Interface): string {
  const link = i.carrier ? "link" : i.up ? "no link" : "down";
  return `${i.name} (${i.mac}, ${link})`;
}

function describeWanted(wanted: Wanted): string {
  return wanted.kind === "any" ? "any interface" : wanted.why;
}

/** No interface at all: its driver is missing, most of the time. */
export function noInterface(
  wanted: Wanted,
  devices: readonly PciNetworkDevice[],
  seconds: number,
): BootError {
  const without = devices.filter((device) => !device.hasInterface);
  const list = without.map(({ slot, id, driver }) => `${id} at ${slot} (${driver ?? "no driver"})`);
  const [first] = without;
  return fatal("network-interface", {
    doing: DOING,
    on: describeWanted(wanted),
    found:
      list.length === 0
        ? `no network interface within ${seconds} s, and no PCI network device without one`
        : `no network interface within ${seconds} s; PCI network devices that made none: ${list.join(", ")}`,
    remedy:
      first === undefined
        ? "check that the network card is enabled in the firmware's set-up, and rebuild the initrd with its module"
        : `rebuild the initrd with the module that "modprobe -R ${first.modalias}" names under the same kernel`,
  });
}

/** There are interfaces, but not the one that the command line names. */
export function notThatInterface(wanted: Wanted, present: readonly Interface[], seconds: number): BootError {
  return fatal("network-interface", {
    doing: DOING,
    on: describeWanted(wanted),
    found: `no such interface within ${seconds} s; present: ${present.map(describe).join(", ")}`,
    remedy: "correct the parameter, or rebuild the initrd with the module of that card",
  });
}

/** A name that another kind of interface has, or that the kernel takes for none. */
export function notRenamed(from: string, to: string, reason: string): BootError {
  return fatal("network-interface", {
    doing: DOING,
    on: from,
    found: `it cannot be called ${to}: ${reason}`,
    remedy: "give it another name with ifname=, which no interface has",
  });
}

export function noLink(
  wanted: Wanted,
  tried: readonly Interface[],
  refused: readonly string[],
  seconds: number,
): BootError {
  const why = refused.length > 0 ? ` (${refused.join("; ")})` : "";
  return fatal("network-link", {
    doing: DOING,
    on: tried.map(describe).join(", "),
    found: `no link within ${seconds} s${why}`,
    remedy:
      wanted.kind === "any"
        ? "check the cables and the switch, or give the port more time with statelite.link_timeout="
        : `check the cable and the switch port, or that ${wanted.why} means the right interface; statelite.link_timeout= gives it more time`,
  });
}

/**
 * `now`: the interface as it is after the time is over, absent where it is gone. `others`: those that would have done
 * as well, as nothing on the command line names one.
 */
export function noLease(
  chosen: Interface,
  now: Interface | undefined,
  others: readonly Interface[],
  said: string,
  seconds: number,
): BootError {
  const link =
    now === undefined ? "the interface is gone" : now.carrier ? "it has link" : "it has lost its link";
  const names = others.map(({ name, mac }) => `${name} (${mac})`).join(", ");
  const choose =
    names === "" ? "" : `; where the node is to boot over another interface, name it with netdev=: ${names}`;
  return fatal("network-dhcp", {
    doing: "get an address by DHCP",
    on: `${chosen.name} (${chosen.mac})`,
    found: `no lease within ${seconds} s; ${link}${said === "" ? "" : `; udhcpc: ${said}`}`,
    remedy: `check that the DHCP server has an entry for ${chosen.mac} (makedhcp) and that the port is in the right VLAN; statelite.dhcp_timeout= gives it more time${choose}`,
  });
}

export function badLease(chosen: Interface, ignored: readonly string[]): BootError {
  return fatal("network-dhcp", {
    doing: "get an address by DHCP",
    on: `${chosen.name} (${chosen.mac})`,
    found: `the lease has no address that a host can have (${ignored.join(", ") || "none at all"})`,
    remedy: "correct the DHCP server's entry for this node",
  });
}

export function notConfigured(chosen: Interface, address: string, reason: string): BootError {
  return fatal("network-address", {
    doing: "give the interface its address",
    on: `${address} on ${chosen.name} (${chosen.mac})`,
    found: reason,
    remedy: "check the address and netmask that the DHCP server or ip= gives",
  });
}

export function noAddressYet(present: readonly Interface[]): BootError {
  return fatal("network-address", {
    doing: DOING,
    on: "ip=none",
    found: `no interface has an address; present: ${present.map(describe).join(", ") || "none"}`,
    remedy: "leave ip= out for DHCP, or give the address with ip=ADDRESS::GATEWAY:NETMASK::INTERFACE:none",
  });
}
