import { expect, test } from "bun:test";
import { isIPv6 } from "node:net";
import fc from "fast-check";
import {
  ipv6Groups,
  isDomainName,
  isHostIpv4,
  literalAddress,
  normaliseMac,
  prefixOfMask,
  reverseName,
  sameIpv4Network,
} from "../../../agent/network/addresses.ts";

test.each([
  ["255.255.255.0", 24],
  ["255.255.255.255", 32],
  ["255.255.252.0", 22],
  ["128.0.0.0", 1],
  ["0.0.0.0", 0],
  ["255.0.255.0", undefined],
  ["255.255.255", undefined],
  ["", undefined],
])("the prefix of the mask %s is %p", (mask, prefix) => {
  expect(prefixOfMask(mask)).toBe(prefix as number);
});

test.each([
  ["10.0.0.17", true],
  ["223.255.255.254", true],
  ["0.0.0.0", false],
  ["0.1.2.3", false],
  ["127.0.0.1", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["10.0.0.256", false],
  ["10.0.0.1;reboot", false],
  ["", false],
])("a host may have the address %s: %p", (address, may) => {
  expect(isHostIpv4(address)).toBe(may);
});

test.each([
  ["10.9.0.1", "10.9.0.254", 24, true],
  ["10.9.0.1", "10.9.1.1", 24, false],
  ["10.9.0.1", "10.9.1.1", 23, true],
  ["10.9.1.1", "10.9.2.1", 23, false],
  ["10.8.0.1", "10.9.1.1", 15, true],
  ["10.9.0.1", "10.9.0.1", 32, true],
  ["10.9.0.1", "10.9.0.2", 32, false],
  ["10.9.0.1", "not an address", 1, false],
  ["192.0.2.1", "10.0.0.1", 0, true],
])("%s and %s are in one network of /%i: %p", (a, b, prefix, same) => {
  expect(sameIpv4Network(a, b, prefix)).toBe(same);
});

test.each([
  ["10.9.0.17", "17.0.9.10.in-addr.arpa"],
  ["2001:db8::1", `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
  ["::ffff:10.0.0.1", `1.0.0.0.0.0.a.0.f.f.f.f.${"0.".repeat(20)}ip6.arpa`],
  ["n17", undefined],
])("the reverse name of %s", (address, name) => {
  expect(reverseName(address)).toBe(name as string);
});

test("an IPv6 address has eight groups of 16 bits, however it is written", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      fc.pre(isIPv6(address));
      const groups = ipv6Groups(address) ?? [];
      expect(groups).toHaveLength(8);
      const again = ipv6Groups(groups.map((g) => g.toString(16)).join(":"));
      expect(again).toEqual(groups);
    }),
  );
});

test.each([
  ["n01", true],
  ["n01.cluster.test", true],
  ["_ntp._udp.cluster.test", true],
  ["-n01", false],
  ["n01..test", false],
  ["n01.", false],
  ["", false],
  ["a b", false],
  ["$(reboot)", false],
  ["n01\nnameserver 6.6.6.6", false],
  ["n".repeat(64), false],
  [`${"n.".repeat(127)}n`, false],
])("%j is a domain name: %p", (name, is) => {
  expect(isDomainName(name)).toBe(is);
});

test.each([
  ["52:54:00:AA:bb:cc", "52:54:00:aa:bb:cc"],
  ["52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc"],
  [
    "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:0b:0c",
    "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:0b:0c",
  ],
  ["80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:0b:0c:0d", undefined],
  ["52:54:00:aa:bb", undefined],
  ["eth0", undefined],
])("the MAC address %s", (text, mac) => {
  expect(normaliseMac(text)).toBe(mac as string);
});

test.each([
  ["10.0.0.1", { address: "10.0.0.1", family: 4 }],
  ["fd00::1", { address: "fd00::1", family: 6 }],
  ["[fd00::1]", { address: "fd00::1", family: 6 }],
  ["fe80::1%eth0", { address: "fe80::1%eth0", family: 6 }],
  ["10.0.0", undefined],
  ["mgmt", undefined],
])("the literal address %s", (text, literal) => {
  expect(literalAddress(text)).toEqual(literal as { address: string; family: 4 | 6 });
});
