import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isHostIpv4 } from "../../../agent/network/addresses.ts";
import { type Lease, parseVariables, readLease } from "../../../agent/network/lease.ts";

/** As udhcpc gave them for dnsmasq's answer with the options 3, 6, 12, 15, 26, 119 and 121. */
const GOOD = {
  interface: "eth0",
  ip: "10.9.0.146",
  subnet: "255.255.255.0",
  mask: "24",
  router: "10.9.0.1",
  dns: "10.9.0.1 10.9.0.2",
  hostname: "n17",
  domain: "cluster.test",
  search: "cluster.test other.test",
  staticroutes: "10.20.0.0/16 10.9.0.5 0.0.0.0/0 10.9.0.254",
  mtu: "1400",
  serverid: "10.9.0.1",
  lease: "3600",
  opt53: "05",
};

function read(changes: Record<string, string | undefined>): ReturnType<typeof readLease> {
  const entries = Object.entries({ ...GOOD, ...changes }).filter(
    (e): e is [string, string] => e[1] !== undefined,
  );
  return readLease(new Map(entries));
}

test("a lease as dnsmasq gives it", () => {
  expect(read({})).toEqual({
    lease: {
      address: "10.9.0.146",
      prefix: 24,
      routes: [
        { to: "10.20.0.0/16", via: "10.9.0.5" },
        { to: "default", via: "10.9.0.254" },
      ],
      nameservers: ["10.9.0.1", "10.9.0.2"],
      hostname: "n17",
      domain: "cluster.test",
      search: ["cluster.test", "other.test"],
      mtu: 1400,
      server: "10.9.0.1",
    },
    ignored: [],
  });
});

test("a name with odd bytes, which udhcpc gives as bad, is none", () => {
  const { lease, ignored } = read({ hostname: "bad", domain: "bad" });
  expect(lease).not.toHaveProperty("hostname");
  expect(lease).not.toHaveProperty("domain");
  expect(ignored).toEqual(["hostname: one with odd bytes", "domain: one with odd bytes"]);
});

test("an address is no host name, and has no domain", () => {
  const { lease, ignored } = read({ hostname: "10.9.0.17" });
  expect(lease).not.toHaveProperty("hostname");
  expect(ignored).toEqual(["hostname: 10.9.0.17"]);
});

test.each<[string, Record<string, string | undefined>, Partial<Lease>]>([
  [
    "without option 121 the first router is the default",
    { staticroutes: undefined, router: "10.9.0.1 10.9.0.2" },
    { routes: [{ to: "default", via: "10.9.0.1" }] },
  ],
  [
    "with option 121 the router counts for nothing",
    { staticroutes: "10.20.0.0/16 10.9.0.5" },
    { routes: [{ to: "10.20.0.0/16", via: "10.9.0.5" }] },
  ],
  [
    "a gateway of zeros means on the link",
    { staticroutes: "10.20.0.0/16 0.0.0.0" },
    { routes: [{ to: "10.20.0.0/16" }] },
  ],
  ["neither router nor routes", { staticroutes: undefined, router: undefined }, { routes: [] }],
  ["a mask for one host", { subnet: "255.255.255.255" }, { prefix: 32 }],
  ["without a mask, that of the class", { subnet: undefined }, { prefix: 8 }],
  [
    "names that end with a dot",
    { domain: "cluster.test.", search: "a.test. b.test" },
    { domain: "cluster.test", search: ["a.test", "b.test"] },
  ],
  ["a full host name is kept", { hostname: "n17.cluster.test" }, { hostname: "n17.cluster.test" }],
])("%s", (_, changes, expected) => {
  const { lease, ignored } = read(changes);
  expect(lease).toMatchObject(expected);
  expect(ignored).toEqual([]);
});

describe("what is not as it should be is left out and told", () => {
  test.each<[string, Record<string, string>, keyof Lease, unknown, string]>([
    [
      "a host name with a command in it",
      { hostname: "$(reboot)" },
      "hostname",
      undefined,
      "hostname: $(reboot)",
    ],
    ["a host name that leads elsewhere", { hostname: "../n02" }, "hostname", undefined, "hostname: ../n02"],
    [
      "a domain with a newline",
      { domain: "a\nnameserver 6.6.6.6" },
      "domain",
      undefined,
      "domain: a\\x0anameserver 6.6.6.6",
    ],
    ["a server that is no address", { dns: "10.9.0.1 evil" }, "nameservers", ["10.9.0.1"], "dns: evil"],
    ["a server on loopback", { dns: "127.0.0.1" }, "nameservers", [], "dns: 127.0.0.1"],
    ["an MTU that no IPv4 host has", { mtu: "100" }, "mtu", undefined, "mtu: 100"],
    ["an MTU that is no number", { mtu: "1e3" }, "mtu", undefined, "mtu: 1e3"],
    ["a mask with a hole", { subnet: "255.0.255.0" }, "prefix", 8, "subnet: 255.0.255.0"],
    [
      "a route with bits below its prefix",
      { staticroutes: "10.20.0.1/16 10.9.0.5" },
      "routes",
      [],
      "staticroutes: 10.20.0.1/16 10.9.0.5",
    ],
    [
      "a route without a gateway",
      { staticroutes: "10.20.0.0/16" },
      "routes",
      [],
      "staticroutes: 10.20.0.0/16 ",
    ],
    [
      "a route that is an option of ip",
      { staticroutes: "-f 10.9.0.5" },
      "routes",
      [],
      "staticroutes: -f 10.9.0.5",
    ],
    ["a search domain that is none", { search: "-x" }, "search", [], "search: -x"],
  ])("%s", (_, changes, field, expected, told) => {
    const { lease, ignored } = read(changes);
    expect(lease?.[field]).toEqual(expected as Lease[typeof field]);
    expect(ignored).toEqual([told]);
  });

  test.each([[undefined], [""], ["0.0.0.0"], ["127.0.0.1"], ["10.9.0.1; reboot"], ["255.255.255.255"]])(
    "an address of no use is no lease: %p",
    (ip) => {
      expect(read({ ip }).lease).toBeUndefined();
    },
  );

  test("more routes, servers and domains than a node needs", () => {
    const many = Array.from({ length: 200 }, (_, i) => `10.1.${i}.1`);
    const { lease } = read({
      dns: many.join(" "),
      staticroutes: many.map((a) => `${a}/32 10.9.0.5`).join(" "),
      search: many.map((_, i) => `d${i}.test`).join(" "),
    });
    expect([lease?.nameservers.length, lease?.routes.length, lease?.search.length]).toEqual([8, 64, 16]);
  });
});

test("whatever the values are, reading them ends and what comes out is clean", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.ipV4(),
    fc.constant("10.0.0.1/8 10.0.0.2"),
  );
  const names = Object.keys(GOOD);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (variables) => {
      const { lease } = readLease(new Map(Object.entries(variables)));
      if (lease === undefined) return;
      expect(isHostIpv4(lease.address)).toBe(true);
      expect(JSON.stringify(lease)).not.toMatch(/\\[nru]|[;$`&|<>]/);
    }),
  );
});

test("variables end with a NUL, so that a value may hold newlines and equals signs", () => {
  const variables = parseVariables("ip=10.0.0.1\0hostname=a\nrouter=6.6.6.6\0empty=\0noequals\0=noname\0");
  expect([...variables]).toEqual([
    ["ip", "10.0.0.1"],
    ["hostname", "a\nrouter=6.6.6.6"],
    ["empty", ""],
  ]);
});
