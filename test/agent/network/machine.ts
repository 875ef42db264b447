import type { Interface, PciNetworkDevice } from "../../../agent/network/interfaces.ts";
import type { DhcpResult, NetworkSystem } from "../../../agent/network/system.ts";

/** A network card of a machine that exists only in a test; times are milliseconds from its start. */
export interface Card {
  name: string;
  mac: string;
  /** When the cable has link, once the card is up; never where absent. */
  readonly linkAt?: number;
  /** When its driver has made the interface. */
  readonly appearsAt?: number;
  readonly physical?: boolean;
  /** `ip link set … up` fails with this. */
  readonly refuses?: string;
}

/** What the machine was made to do, for a test to look at. */
export interface Machine extends NetworkSystem {
  readonly commands: string[];
  readonly lines: string[];
  resolvConf: string | undefined;
}

/** A machine whose clock goes on only while somebody sleeps, so that a minute of waiting takes no time. */
export function machine(setup: {
  readonly cards?: readonly Card[];
  readonly pci?: readonly PciNetworkDevice[];
  readonly addresses?: ReturnType<NetworkSystem["addresses"]>;
  readonly lease?: Readonly<Record<string, string>>;
  /** Commands that start with this fail. */
  readonly broken?: string;
  readonly ipv6State?: ReturnType<NetworkSystem["ipv6State"]>;
}): Machine {
  let time = 0;
  const cards = (setup.cards ?? []).map((card) => ({ ...card, up: false }));
  const present = (): typeof cards => cards.filter((card) => (card.appearsAt ?? 0) <= time);
  const commands: string[] = [];
  const lines: string[] = [];

  const ip = async (args: readonly string[]): Promise<void> => {
    const command = args.join(" ");
    commands.push(command);
    if (setup.broken !== undefined && command.startsWith(setup.broken))
      throw new Error(`ip ${command}: refused`);
    const [object, verb, , name, what, value] = args;
    if (object !== "link" || verb !== "set" || name === "lo") return;
    const card = present().find((c) => c.name === name);
    if (card === undefined) throw new Error(`ip ${command}: no such device`);
    if (what === "up" && card.refuses !== undefined) throw new Error(`ip ${command}: ${card.refuses}`);
    if (what === "up" || what === "down") card.up = what === "up";
    else if (card.up && what !== "mtu") throw new Error(`ip ${command}: device or resource busy`);
    else if (what === "name") card.name = value ?? "";
    else if (what === "address") card.mac = value ?? "";
  };

  const system: Machine = {
    commands,
    lines,
    resolvConf: undefined,
    log: { say: (text) => lines.push(text), detail: (text) => lines.push(text) },
    interfaces: () =>
      present().map(({ name, mac, up, linkAt, physical = true }): Interface => {
        const carrier = up && linkAt !== undefined && linkAt <= time;
        return { name, mac, up, carrier, physical };
      }),
    pciNetworkDevices: () => setup.pci ?? [],
    addresses: () => setup.addresses ?? [],
    ipv6State: () => setup.ipv6State ?? "usable",
    ip,
    dhcp: async (_name, seconds): Promise<DhcpResult> => {
      if (setup.lease !== undefined) {
        return { kind: "lease", variables: new Map(Object.entries(setup.lease)) };
      }
      time += seconds * 1000;
      return { kind: "none", said: "udhcpc: broadcasting discover" };
    },
    writeResolvConf: (text) => {
      system.resolvConf = text;
    },
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
  };
  return system;
}
