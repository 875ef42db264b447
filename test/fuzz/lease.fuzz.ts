import fc from "fast-check";
import invariant from "tiny-invariant";
import { isDomainName } from "../../agent/network/addresses.ts";
import { type Lease, parseVariables, readLease } from "../../agent/network/lease.ts";
import { mutated } from "./mutate.ts";
import { checkEqual, checkHarmless, checkIPv4 } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const good = {
  ...{
    interface: "eth0",
    ip: "10.9.0.146",
    subnet: "255.255.255.0",
    router: "10.9.0.1",
    dns: "10.9.0.1 10.9.0.2",
  },
  ...{
    hostname: "n17",
    domain: "cluster.test",
    search: "cluster.test other.test",
    mtu: "1400",
    serverid: "10.9.0.1",
  },
  staticroutes: "10.20.0.0/16 10.9.0.5 0.0.0.0/0 10.9.0.254",
};
const text = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\0`)
    .join("");
const word = fc.oneof(
  fc.constantFrom(...Object.values(good).flatMap((value) => value.split(" "))),
  fc.constantFrom(
    "0.0.0.0",
    "127.0.0.1",
    "255.255.255.255",
    "010.0.0.1",
    "10.0.0.0/33",
    "0.0.0.0/0",
    "::1",
    "-n",
  ),
  fc.constantFrom(
    "$(reboot)",
    "`reboot`",
    "a;b",
    "../x",
    "\u001b[2J",
    "\u202e",
    "576",
    "65536",
    "a.b.",
    "1e3",
  ),
);
const other = fc.dictionary(
  fc.constantFrom(...Object.keys(good), "__proto__", ""),
  fc.array(word, { maxLength: 80 }).map((words) => words.join(" ")),
);

export default pureTarget(
  {
    name: "lease",
    about:
      "What a DHCP server grants: nothing but addresses, names and numbers comes through; the rest is told.",
    inputs: 100_000,
    share: 4000,
  },
  fc.oneof(
    other.map((variables) => text({ ...good, ...variables })),
    mutated([text(good)], ["=", "\0", " ", ".", "/", ...Object.keys(good)]),
  ),
  (variables) => {
    const read = parseVariables(variables);
    const { lease, ignored } = readLease(read);
    for (const line of ignored) checkHarmless(line);
    if (lease !== undefined) checkLease(lease);
    checkEqual(
      parseVariables([...read].map(([name, value]) => `${name}=${value}\0`).join("")),
      read,
      "written again",
    );
  },
);

function checkLease({
  address,
  prefix,
  routes,
  nameservers,
  hostname,
  domain,
  search,
  mtu,
  server,
}: Lease): void {
  for (const one of [address, ...nameservers, ...(server === undefined ? [] : [server])]) checkIPv4(one);
  invariant(
    prefix >= 1 && prefix <= 32 && routes.length <= 64 && nameservers.length <= 8 && search.length <= 16,
  );
  for (const { to, via } of routes) {
    if (to !== "default") checkIPv4(to.replace(/\/\d+$/, ""));
    if (via !== undefined) checkIPv4(via);
  }
  for (const name of [hostname, domain, ...search]) invariant(name === undefined || isDomainName(name), name);
  invariant(mtu === undefined || (mtu >= 576 && mtu <= 65_535));
}
