import { describe, expect, test } from "bun:test";
import type { NetworkOptions } from "../../../agent/cmdline/options.ts";
import { BootError, type Problem } from "../../../agent/errors.ts";
import { bringUp } from "../../../agent/network/bring-up.ts";
import { type Card, type Machine, machine } from "./machine.ts";

const SETTINGS = { linkTimeout: 30, dhcpTimeout: 60 };
const LEASE = {
  ip: "10.9.0.17",
  subnet: "255.255.255.0",
  router: "10.9.0.1",
  dns: "10.9.0.1",
  domain: "c.test",
};
const MAC = { eth0: "52:54:00:00:00:00", eth1: "52:54:00:00:00:01", eth2: "52:54:00:00:00:02" };
const NIC = {
  slot: "0000:00:03.0",
  id: "8086:100e",
  modalias: "pci:v00008086d0000100E",
  hasInterface: false,
};

const eth0: Card = { name: "eth0", mac: MAC.eth0, linkAt: 0 };
const eth1: Card = { name: "eth1", mac: MAC.eth1, linkAt: 0 };
const eth2: Card = { name: "eth2", mac: MAC.eth2, linkAt: 0 };

function options(change: Partial<NetworkOptions> = {}): NetworkOptions {
  return { rename: [], ip: { kind: "dhcp" }, nameservers: [], ...change };
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const caught = await promise.catch((error: unknown) => error);
  if (!(caught instanceof BootError) || caught.problems[0] === undefined)
    throw new Error(`no BootError: ${caught}`);
  return caught.problems[0];
}

test("from nothing to an address by DHCP", async () => {
  const system = machine({ cards: [eth0], lease: LEASE });
  expect(await bringUp(options(), SETTINGS, system)).toEqual({
    interface: "eth0",
    mac: MAC.eth0,
    address: "10.9.0.17",
    prefix: 24,
    gateway: "10.9.0.1",
    domain: "c.test",
    search: ["c.test"],
    nameservers: ["10.9.0.1"],
  });
  expect(system.commands).toEqual([
    "link set dev lo up",
    "link set dev eth0 up",
    "-4 addr flush dev eth0 scope global",
    "-4 addr add 10.9.0.17/24 broadcast + dev eth0",
    "-4 route replace default via 10.9.0.1 dev eth0",
  ]);
  expect(system.resolvConf).toBe("search c.test\nnameserver 10.9.0.1\n");
});

test.each<[string, Card[], Partial<NetworkOptions>, string]>([
  ["the only one", [eth0], {}, "eth0"],
  ["the first of two", [eth1, eth0], {}, "eth0"],
  ["the one with link", [{ ...eth0, linkAt: 99_000 }, eth1], {}, "eth1"],
  ["the first, though its link comes half a second later", [{ ...eth0, linkAt: 500 }, eth1], {}, "eth0"],
  ["the second, where the first takes much longer", [{ ...eth0, linkAt: 9_000 }, eth1], {}, "eth1"],
  ["one that appears late", [{ ...eth0, appearsAt: 20_000, linkAt: 25_000 }], {}, "eth0"],
  ["one that works, where the first refuses to go up", [{ ...eth0, refuses: "firmware" }, eth1], {}, "eth1"],
  [
    "BOOTIF, though another has link before",
    [eth0, { ...eth1, linkAt: 8_000 }],
    { bootMac: MAC.eth1 },
    "eth1",
  ],
  ["netdev", [eth0, eth1], { netdev: "eth1" }, "eth1"],
  ["the interface of ip=", [eth0, eth1], { ip: { kind: "dhcp", interface: "eth1" } }, "eth1"],
  [
    "the new name of ifname=",
    [eth0, eth1],
    { rename: [{ name: "boot", mac: MAC.eth1 }], netdev: "boot" },
    "boot",
  ],
  [
    "the new name, where the card appears late and its name is taken",
    [eth0, { ...eth1, appearsAt: 5_000, linkAt: 6_000 }],
    { rename: [{ name: "eth0", mac: MAC.eth1 }], bootMac: MAC.eth1 },
    "eth0",
  ],
])("boots over %s", async (_, cards, change, name) => {
  const network = await bringUp(options(change), SETTINGS, machine({ cards, lease: LEASE }));
  expect(network.interface).toBe(name);
});

test("interfaces that were set up in vain are down again", async () => {
  const system = machine({ cards: [eth0, eth1, eth2], lease: LEASE });
  await bringUp(options(), SETTINGS, system);
  expect(
    system
      .interfaces()
      .filter((i) => i.up)
      .map((i) => i.name),
  ).toEqual(["eth0"]);
});

test("ip=…:MAC gives the interface its address while it is down", async () => {
  const system = machine({ cards: [eth0], lease: LEASE });
  const change = { ip: { kind: "dhcp", mac: MAC.eth2 } } as const;
  expect((await bringUp(options(change), SETTINGS, system)).mac).toBe(MAC.eth2);
});

describe("failures", () => {
  test.each<[string, Machine, Partial<NetworkOptions>, Partial<Problem>, RegExp[]]>([
    [
      "no lease",
      machine({ cards: [eth0] }),
      {},
      { code: "network-dhcp", on: `eth0 (${MAC.eth0})` },
      [/no lease within 60 s; it has link/, /makedhcp.*statelite\.dhcp_timeout=/],
    ],
    [
      "no lease, and nothing says that it was the right interface",
      machine({ cards: [eth0, eth1] }),
      {},
      { code: "network-dhcp", on: `eth0 (${MAC.eth0})` },
      [/no lease within 60 s/, new RegExp(`name it with netdev=: eth1 \\(${MAC.eth1}\\)$`)],
    ],
    [
      "no lease on the interface that was named",
      machine({ cards: [eth0, eth1] }),
      { netdev: "eth1" },
      { code: "network-dhcp", on: `eth1 (${MAC.eth1})` },
      [/no lease within 60 s/, /gives it more time$/],
    ],
    [
      "a name by ifname= that cannot be had",
      machine({ cards: [eth0], broken: "link set dev eth0 name" }),
      { rename: [{ name: "lo", mac: MAC.eth0 }] },
      { code: "network-interface", on: "eth0" },
      [/^it cannot be called lo: .*refused$/, /another name with ifname=/],
    ],
    [
      "a lease without an address",
      machine({ cards: [eth0], lease: { ip: "0.0.0.0" } }),
      {},
      { code: "network-dhcp" },
      [/ip: 0\.0\.0\.0/, /entry for this node/],
    ],
    [
      "no link",
      machine({
        cards: [
          { name: "eth0", mac: MAC.eth0 },
          { name: "eth1", mac: MAC.eth1, refuses: "EIO" },
        ],
      }),
      {},
      { code: "network-link", on: `eth0 (${MAC.eth0}, no link), eth1 (${MAC.eth1}, down)` },
      [/no link within 30 s \(.*EIO\)/, /cables.*statelite\.link_timeout=/],
    ],
    [
      "no link where BOOTIF points",
      machine({ cards: [{ name: "eth0", mac: MAC.eth0 }, eth1], lease: LEASE }),
      { bootMac: MAC.eth0 },
      { code: "network-link", on: `eth0 (${MAC.eth0}, no link)` },
      [/no link within 30 s/, /BOOTIF=52:54:00:00:00:00 means the right interface/],
    ],
    [
      "BOOTIF of no interface",
      machine({ cards: [eth0] }),
      { bootMac: MAC.eth2 },
      { code: "network-interface", on: `BOOTIF=${MAC.eth2}` },
      [/present: eth0 \(52:54:00:00:00:00, down\)/, /correct the parameter/],
    ],
    [
      "no interface, and a card without a driver",
      machine({
        pci: [NIC, { ...NIC, id: "1af4:1000", driver: "virtio-pci" }, { ...NIC, hasInterface: true }],
      }),
      {},
      { code: "network-interface", on: "any interface" },
      [
        /made none: 8086:100e at 0000:00:03\.0 \(no driver\), 1af4:1000 at 0000:00:03\.0 \(virtio-pci\)$/,
        /rebuild the initrd .*modprobe -R pci:v00008086d0000100E/,
      ],
    ],
    [
      "no interface and no card",
      machine({}),
      {},
      { code: "network-interface" },
      [/no PCI network device/, /firmware/],
    ],
    [
      "an address that the kernel refuses",
      machine({ cards: [eth0], lease: LEASE, broken: "-4 addr add" }),
      {},
      { code: "network-address", on: `10.9.0.17 on eth0 (${MAC.eth0})` },
      [/addr add 10\.9\.0\.17\/24 .*refused/, /netmask/],
    ],
    [
      "an IPv6 address that another has",
      machine({ cards: [eth0], ipv6State: "duplicate" }),
      { ip: { kind: "static", address: "fd00::17", prefix: 64, nameservers: [] } },
      { code: "network-address" },
      [/another machine has this address/, /address/],
    ],
    [
      "ip=none where nothing is configured",
      machine({ cards: [eth0] }),
      { ip: { kind: "none" } },
      { code: "network-address", on: "ip=none" },
      [/no interface has an address; present: eth0/, /leave ip= out/],
    ],
  ])("%s", async (_, system, change, parts, [found, remedy]) => {
    const problem = await problemOf(bringUp(options(change), SETTINGS, system));
    expect(problem).toMatchObject({ class: "fatal", ...parts });
    expect(problem.found).toMatch(found as RegExp);
    expect(problem.remedy).toMatch(remedy as RegExp);
  });
});

test("a route that is refused is told, and the boot goes on", async () => {
  const system = machine({ cards: [eth0], lease: LEASE, broken: "-4 route" });
  expect((await bringUp(options(), SETTINGS, system)).address).toBe("10.9.0.17");
  expect(system.lines).toContainEqual(expect.stringContaining("route replace default via 10.9.0.1"));
});

test("what the DHCP server sent wrong is told, harmless to print", async () => {
  const system = machine({ cards: [eth0], lease: { ...LEASE, hostname: "\u001b[2Jn17" } });
  await bringUp(options(), SETTINGS, system);
  expect(system.lines).toContainEqual(expect.stringContaining("hostname: \\x1b[2Jn17"));
});

test("ifname= of no card is told, and the boot goes on", async () => {
  const system = machine({ cards: [eth0], lease: LEASE });
  await bringUp(options({ rename: [{ name: "boot", mac: MAC.eth2 }] }), SETTINGS, system);
  expect(system.lines).toContainEqual(expect.stringContaining(`ifname=boot:${MAC.eth2}`));
});

test("ip=none takes the address that is there and touches nothing", async () => {
  const addresses = [{ interface: "eth1", address: "10.9.0.99", prefix: 24 }];
  const system = machine({ cards: [eth0, eth1], addresses });
  expect(await bringUp(options({ ip: { kind: "none" } }), SETTINGS, system)).toMatchObject({
    interface: "eth1",
    address: "10.9.0.99",
    prefix: 24,
  });
  expect(system.commands).toEqual(["link set dev lo up"]);
  expect(system.resolvConf).toBeUndefined();
});
