import { expect, test } from "bun:test";
import { readIp } from "../../../agent/cmdline/ip.ts";
import type { IpMethod, NetworkOptions } from "../../../agent/cmdline/options.ts";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";

const DHCP = { kind: "dhcp" } as const;
const STATIC = { kind: "static", address: "10.0.0.5", prefix: 24, nameservers: [] as string[] } as const;

const forms: readonly [text: string, method: IpMethod][] = [
  ["dhcp", DHCP],
  ["on", DHCP],
  ["any", DHCP],
  ["single-dhcp", DHCP],
  ["none", { kind: "none" }],
  ["off", { kind: "none" }],
  ["eth0:dhcp", { ...DHCP, interface: "eth0" }],
  ["eth0:on:9000", { ...DHCP, interface: "eth0", mtu: 9000 }],
  ["eth0:dhcp::52:54:00:AA:bb:cc", { ...DHCP, interface: "eth0", mac: "52:54:00:aa:bb:cc" }],
  ["10.0.0.5:::255.255.255.0::eth0:none", { ...STATIC, interface: "eth0" }],
  [
    "10.0.0.5::10.0.0.1:24:n01:eth0:off",
    { ...STATIC, interface: "eth0", gateway: "10.0.0.1", hostname: "n01" },
  ],
  ["10.0.0.5:10.0.0.9:10.0.0.1:24:::none", { ...STATIC, gateway: "10.0.0.1" }],
  ["10.0.0.5:::24", STATIC],
  ["10.0.0.5:::0.0.0.0::eth0:none", { ...STATIC, prefix: 0, interface: "eth0" }],
  ["10.0.0.5:::255.255.255.255", { ...STATIC, prefix: 32 }],
  ["10.0.0.5:::24:::none:1400:52:54:00:aa:bb:cc", { ...STATIC, mtu: 1400, mac: "52:54:00:aa:bb:cc" }],
  ["10.0.0.5:::24:::none:10.0.0.2:10.0.0.3", { ...STATIC, nameservers: ["10.0.0.2", "10.0.0.3"] }],
  ["10.0.0.5:::24:::none::10.0.0.3", { ...STATIC, nameservers: ["10.0.0.3"] }],
  ["10.0.0.5:::24:::none:[2001:db8::2]", { ...STATIC, nameservers: ["2001:db8::2"] }],
  [
    "[2001:db8::5]::[2001:db8::1]:64:n01:eth0:none",
    {
      kind: "static",
      interface: "eth0",
      address: "2001:db8::5",
      prefix: 64,
      gateway: "2001:db8::1",
      hostname: "n01",
      nameservers: [],
    },
  ],
  [":::::eth1:dhcp", { ...DHCP, interface: "eth1" }],
  ["10.0.0.5:::24::eth1:dhcp", { ...DHCP, interface: "eth1" }],
  ["::::n01:eth1:dhcp", { ...DHCP, interface: "eth1", hostname: "n01" }],
  ["::::n01.c.test::dhcp:1400", { ...DHCP, hostname: "n01.c.test", mtu: 1400 }],
  [":::::eth1:dhcp:10.0.0.2::", { ...DHCP, interface: "eth1", nameservers: ["10.0.0.2"] }],
  ["::::::none", { kind: "none" }],
];

test.each(forms)("ip=%s", (text, method) => {
  expect(readIp(text)).toEqual(method);
});

const refused: readonly [text: string, found: RegExp][] = [
  ["dhcp6", /not supported/],
  ["eth0:auto6", /not supported/],
  ["ibft", /not supported/],
  ["bootp", /no way to configure/],
  ["10.0.0.5", /no way to configure/],
  ["eth0:off", /needs no interface/],
  ["eth0:dhcp:20", /no MTU/],
  ["eth0:dhcp:1500:52:54", /six octets/],
  ["averyverylongname:dhcp", /no interface name/],
  ["10.0.0.5:::::eth0:none", /netmask of 10.0.0.5 is missing/],
  ["10.0.0.5:::33", /no netmask/],
  ["10.0.0.5:::255.0.255.0", /no netmask/],
  ["10.0.0.5::10.0.0:24", /no IP address/],
  ["10.0.0.5::[fe80::1]:24", /different families/],
  ["10.0.0.5:::24:a/b:eth0:none", /no host name/],
  ["::::a/b:eth0:dhcp", /no host name/],
  ["0.0.0.0:::24::eth0:none", /0\.0\.0\.0 is no address that a node can have/],
  ["127.0.0.1:::8::eth0:none", /no address that a node can have/],
  ["224.0.0.1:::24::eth0:none", /no address that a node can have/],
  ["255.255.255.255:::24::eth0:none", /no address that a node can have/],
  ["[::1]:::64::eth0:none", /no address that a node can have/],
  ["[::]:::64::eth0:none", /no address that a node can have/],
  ["[ff02::1]:::64::eth0:none", /no address that a node can have/],
  [":::::eth0:none", /address is missing/],
  ["[2001:db8::5:::64", /no IP address|no way/],
];

test.each(refused)("refused: ip=%s", (text, found) => {
  expect(() => readIp(text)).toThrow(found);
});

const network: readonly [rule: string, text: string, part: Partial<NetworkOptions>][] = [
  ["BOOTIF as pxelinux writes it", "BOOTIF=01-52-54-00-AA-BB-CC", { bootMac: "52:54:00:aa:bb:cc" }],
  ["BOOTIF with colons", "BOOTIF=52:54:00:aa:bb:cc", { bootMac: "52:54:00:aa:bb:cc" }],
  [
    "the last BOOTIF wins",
    "BOOTIF=01-52-54-00-aa-bb-01 BOOTIF=52:54:00:aa:bb:02",
    { bootMac: "52:54:00:aa:bb:02" },
  ],
  ["an empty BOOTIF does not count", "BOOTIF=52:54:00:aa:bb:02 BOOTIF=", { bootMac: "52:54:00:aa:bb:02" }],
  ["netdev by name", "netdev=enp0s3", { netdev: "enp0s3" }],
  ["netdev by name with a dash in it", "netdev=br-lan", { netdev: "br-lan" }],
  ["netdev by MAC", "netdev=52-54-00-AA-BB-CC", { netdev: "52:54:00:aa:bb:cc" }],
  [
    "ifname adds up",
    "ifname=a:52:54:00:aa:bb:01 ifname=b:52:54:00:aa:bb:02",
    {
      rename: [
        { name: "a", mac: "52:54:00:aa:bb:01" },
        { name: "b", mac: "52:54:00:aa:bb:02" },
      ],
    },
  ],
  [
    "nameserver adds up",
    "nameserver=10.0.0.2 nameserver=[fe80::2]",
    { nameservers: ["10.0.0.2", "fe80::2"] },
  ],
  ["the last ip= wins", "ip=eth0:dhcp ip=none", { ip: { kind: "none" } }],
];

test.each(network)("network: %s", (_rule, text, part) => {
  const parsed = parseCommandLine(`NFSROOT=s:/i XCAT=mn ${text}`);
  expect(parsed).toMatchObject({ ok: true, options: { network: part } });
});
