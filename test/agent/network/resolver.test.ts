import { expect, test } from "bun:test";
import { Resolver, searchNames } from "../../../agent/network/resolver.ts";
import { dnsServer, NXDOMAIN, type Says, SERVFAIL } from "./dns-server.ts";

const SEARCH = ["c.test", "other.test"];

test.each<[string, string[], string[]]>([
  ["mgmt", SEARCH, ["mgmt.c.test", "mgmt.other.test", "mgmt"]],
  ["mgmt.x", SEARCH, ["mgmt.x", "mgmt.x.c.test", "mgmt.x.other.test"]],
  ["mgmt.c.test.", SEARCH, ["mgmt.c.test"]],
  ["mgmt", [], ["mgmt"]],
  ["mgmt", ["c.test", "c.test"], ["mgmt.c.test", "mgmt"]],
  ["mgmt", [`${"x".repeat(63)}.`.repeat(4).slice(0, 250)], ["mgmt"]],
])("%s with the search list %j is asked for as %j", (name, search, names) => {
  expect(searchNames(name, search)).toEqual(names);
});

/** What the server says of names in the first domain of the list, for A and for AAAA. */
test.each<[string, Says, Says]>([
  ["is one that the server cannot ask anybody about", SERVFAIL, SERVFAIL],
  ["is one that the server says nothing of", "nothing", "nothing"],
  ["has not the name, and the server swallows questions for IPv6", NXDOMAIN, "nothing"],
])("the first domain of the search list %s: the name is found in the next", async (_, four, six) => {
  const server = await dnsServer((name, ipv4) => {
    if (name === "mgmt.away.test") return ipv4 ? four : six;
    return name === "mgmt.c.test" ? { addresses: ipv4 ? ["10.1.2.3"] : [] } : NXDOMAIN;
  });
  const resolver = new Resolver({ nameservers: [server.at], search: ["away.test", "c.test"], timeout: 20 });
  try {
    expect(await resolver.lookup("mgmt")).toEqual(["10.1.2.3"]);
  } finally {
    server.close();
  }
});

test("a name that the server had trouble with at first is asked for again", async () => {
  let asked = 0;
  const server = await dnsServer((_name, ipv4) =>
    ipv4 && ++asked < 3 ? SERVFAIL : { addresses: ipv4 ? ["10.1.2.3"] : [] },
  );
  const resolver = new Resolver({ nameservers: [server.at], search: [], timeout: 20 });
  try {
    expect(await resolver.lookup("mgmt.c.test.")).toEqual(["10.1.2.3"]);
  } finally {
    server.close();
  }
});
