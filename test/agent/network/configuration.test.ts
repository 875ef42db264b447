import { expect, test } from "bun:test";
import type { IpMethod, NetworkOptions } from "../../../agent/cmdline/options.ts";
import {
  type Configuration,
  fromLease,
  fromStatic,
  gatewayOf,
  ipCommands,
  resolvConf,
} from "../../../agent/network/configuration.ts";
import type { Lease } from "../../../agent/network/lease.ts";

const OPTIONS: NetworkOptions = { rename: [], ip: { kind: "dhcp" }, nameservers: [] };
const LEASE: Lease = {
  address: "10.9.0.17",
  prefix: 24,
  routes: [{ to: "default", via: "10.9.0.1" }],
  nameservers: ["10.9.0.1"],
  search: [],
};

test("the command line's name servers come first, each once", () => {
  const options = { ...OPTIONS, nameservers: ["10.9.0.2", "10.9.0.1"] };
  expect(fromLease(LEASE, options).nameservers).toEqual(["10.9.0.2", "10.9.0.1"]);
});

test("the command line's MTU beats the server's", () => {
  const options: NetworkOptions = { ...OPTIONS, ip: { kind: "dhcp", mtu: 9000 } };
  expect(fromLease({ ...LEASE, mtu: 1400 }, options).mtu).toBe(9000);
  expect(fromLease({ ...LEASE, mtu: 1400 }, OPTIONS).mtu).toBe(1400);
});

test("ip=…:dhcp with a host name and name servers: they go before the server's", () => {
  const ip: IpMethod = { kind: "dhcp", hostname: "n18", nameservers: ["10.9.0.3"] };
  const options: NetworkOptions = { ...OPTIONS, ip, nameservers: ["10.9.0.2"] };
  expect(fromLease({ ...LEASE, hostname: "n17" }, options)).toMatchObject({
    hostname: "n18",
    nameservers: ["10.9.0.2", "10.9.0.3", "10.9.0.1"],
  });
});

test.each<[string, Partial<Lease>, string | undefined, string[]]>([
  ["no domain", { hostname: "n17" }, undefined, []],
  ["the server's domain is searched", { domain: "a.test" }, "a.test", ["a.test"]],
  ["a search list is taken as it is", { domain: "a.test", search: ["b.test"] }, "a.test", ["b.test"]],
  ["the domain of a full host name", { hostname: "n17.c.test" }, "c.test", ["c.test"]],
])("domain and search: %s", (_, change, domain, search) => {
  const configuration = fromLease({ ...LEASE, ...change }, OPTIONS);
  expect(configuration.domain).toBe(domain as string);
  expect(configuration.search).toEqual(search);
});

test("ip= with everything", () => {
  const ip: IpMethod & { kind: "static" } = {
    kind: "static",
    address: "10.9.0.17",
    prefix: 24,
    gateway: "10.9.0.1",
    hostname: "n17.cluster.test",
    nameservers: ["10.9.0.2"],
    mtu: 1400,
  };
  const configuration = fromStatic(ip, { ...OPTIONS, nameservers: ["10.9.0.3"] });
  expect(configuration).toEqual({
    address: "10.9.0.17",
    prefix: 24,
    routes: [{ to: "default", via: "10.9.0.1" }],
    mtu: 1400,
    hostname: "n17.cluster.test",
    domain: "cluster.test",
    search: ["cluster.test"],
    nameservers: ["10.9.0.3", "10.9.0.2"],
  });
  expect(gatewayOf(configuration)).toBe("10.9.0.1");
  expect(resolvConf(configuration)).toBe("search cluster.test\nnameserver 10.9.0.3\nnameserver 10.9.0.2\n");
});

const base: Configuration = { ...LEASE, routes: [] };
test.each<[string, Configuration, string[]]>([
  [
    "an address",
    base,
    ["-4 addr flush dev eth0 scope global", "-4 addr add 10.9.0.17/24 broadcast + dev eth0"],
  ],
  [
    "MTU first, the default route last",
    {
      ...base,
      mtu: 1400,
      routes: [
        { to: "default", via: "10.9.0.254" },
        { to: "10.20.0.0/16", via: "10.9.0.5" },
        { to: "10.21.0.0/16" },
      ],
    },
    [
      "link set dev eth0 mtu 1400",
      "-4 addr flush dev eth0 scope global",
      "-4 addr add 10.9.0.17/24 broadcast + dev eth0",
      "-4 route replace 10.20.0.0/16 via 10.9.0.5 dev eth0",
      "-4 route replace 10.21.0.0/16 dev eth0",
      "-4 route replace default via 10.9.0.254 dev eth0",
    ],
  ],
  [
    "a gateway outside the network gets a route of its own, once",
    {
      ...base,
      prefix: 32,
      routes: [
        { to: "10.20.0.0/16", via: "10.1.0.1" },
        { to: "default", via: "10.1.0.1" },
      ],
    },
    [
      "-4 addr flush dev eth0 scope global",
      "-4 addr add 10.9.0.17/32 dev eth0",
      "-4 route replace 10.1.0.1/32 dev eth0",
      "-4 route replace 10.20.0.0/16 via 10.1.0.1 dev eth0",
      "-4 route replace default via 10.1.0.1 dev eth0",
    ],
  ],
  [
    "IPv6",
    { ...base, address: "fd00::17", prefix: 64, routes: [{ to: "default", via: "fe80::1" }] },
    [
      "-6 addr flush dev eth0 scope global",
      "-6 addr add fd00::17/64 dev eth0",
      "-6 route replace default via fe80::1 dev eth0",
    ],
  ],
])("ip commands: %s", (_, configuration, commands) => {
  const planned = ipCommands("eth0", configuration);
  expect(planned.map((c) => c.args.join(" "))).toEqual(commands);
  expect(planned.filter((c) => c.essential).map((c) => c.args[2])).toEqual(["add"]);
});
