import { expect, test } from "bun:test";
import type { NetworkOptions } from "../../../agent/cmdline/options.ts";
import {
  candidates,
  firstWithLink,
  type Interface,
  inOrder,
  planRenames,
  type Wanted,
  wantedInterface,
} from "../../../agent/network/interfaces.ts";

const mac = (last: number): string => `52:54:00:00:00:0${last}`;

function card(name: string, last: number, change: Partial<Interface> = {}): Interface {
  return { name, mac: mac(last), up: true, carrier: true, physical: true, ...change };
}

const options = (change: Partial<NetworkOptions>): NetworkOptions => ({
  rename: [],
  ip: { kind: "dhcp" },
  nameservers: [],
  ...change,
});

test.each<[string, Partial<NetworkOptions>, Partial<Wanted>]>([
  ["nothing said", {}, { kind: "any" }],
  ["BOOTIF", { bootMac: mac(1) }, { kind: "mac", mac: mac(1) }],
  ["netdev by name", { netdev: "eth1" }, { kind: "name", name: "eth1" }],
  ["netdev by MAC", { netdev: mac(2).toUpperCase() }, { kind: "mac", mac: mac(2) }],
  ["BOOTIF before netdev", { bootMac: mac(1), netdev: "eth1" }, { kind: "mac", mac: mac(1) }],
  [
    "ip= with an interface before both",
    { bootMac: mac(1), netdev: "eth1", ip: { kind: "dhcp", interface: "eth2" } },
    { kind: "name", name: "eth2" },
  ],
])("which interface is wanted: %s", (_, change, wanted) => {
  expect(wantedInterface(options(change))).toMatchObject(wanted);
});

test("hardware comes before what is virtual, and eth2 before eth10", () => {
  const bridge = card("br0", 0, { physical: false });
  const order = inOrder([bridge, card("eth10", 1), card("eth2", 2), card("enp1s0", 3)]);
  expect(order.map((i) => i.name)).toEqual(["enp1s0", "eth2", "eth10", "br0"]);
});

test("a MAC address that a bridge has too means the hardware", () => {
  const both = [card("br0", 1, { physical: false }), card("eth0", 1)];
  expect(candidates({ kind: "mac", mac: mac(1), why: "" }, both).map((i) => i.name)).toEqual(["eth0"]);
});

const noLink = { carrier: false };
test.each<[string, Interface[], boolean, string | undefined]>([
  ["the first has link", [card("eth0", 0), card("eth1", 1)], true, "eth0"],
  ["the first may yet have link", [card("eth0", 0, noLink), card("eth1", 1)], true, undefined],
  ["the first had its time", [card("eth0", 0, noLink), card("eth1", 1)], false, "eth1"],
  ["none has link", [card("eth0", 0, noLink)], false, undefined],
  ["there is none", [], false, undefined],
])("first with link: %s", (_, ordered, patient, name) => {
  expect(firstWithLink(ordered, patient)?.name).toBe(name as string);
});

test.each<[string, NetworkOptions["rename"], Interface[], string[], number]>([
  ["nothing to do", [], [card("eth0", 0)], [], 0],
  ["has its name", [{ name: "eth0", mac: mac(0) }], [card("eth0", 0)], [], 0],
  ["a new name", [{ name: "boot", mac: mac(0) }], [card("eth0", 0)], ["eth0>boot"], 0],
  [
    "two change places",
    [
      { name: "eth0", mac: mac(1) },
      { name: "eth1", mac: mac(0) },
    ],
    [card("eth0", 0), card("eth1", 1)],
    ["eth0>aside0", "eth1>eth0", "aside0>eth1"],
    0,
  ],
  [
    "the occupant of a name steps aside, past one who did before",
    [{ name: "eth0", mac: mac(1) }],
    [card("aside0", 2), card("eth0", 0), card("eth1", 1)],
    ["eth0>aside1", "eth1>eth0"],
    0,
  ],
  ["no such card", [{ name: "eth0", mac: mac(9) }], [card("eth0", 0)], [], 1],
])("ifname: %s", (_, wanted, present, steps, missing) => {
  const plan = planRenames(wanted, present);
  expect(plan.steps.map(({ from, to }) => `${from}>${to}`)).toEqual(steps);
  expect(plan.missing).toHaveLength(missing);
});
