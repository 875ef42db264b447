import { isIP } from "node:net";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { canonicalAddress, parseHosts } from "../../server-stub/identity/hosts.ts";
import { nodeNames } from "../../server-stub/identity/identify.ts";
import { mutated } from "./mutate.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const sample =
  "# /etc/hosts\n127.0.0.1 localhost localhost.localdomain\n10.0.0.7\tn07.cluster.test n07 # a node\n" +
  "fe80::1%eth0 n08\n::ffff:10.0.0.9 n09-eth0.cluster.test\n10.0.0.7 n07-ib0\r\n";
const tokens = [
  " ",
  "\t",
  "#",
  "\n",
  "\r\n",
  ".",
  ":",
  "::",
  "%eth0",
  "::ffff:",
  "10.0.0.7",
  "256.0.0.1",
  "-eth0",
  "\xff",
];
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/);
const line = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.array(name, { minLength: 1, maxLength: 3 }));

export default pureTarget(
  {
    name: "hosts",
    about:
      "Files in the form of /etc/hosts: names by addresses in one spelling, and what is written is found again.",
    inputs: 100_000,
    share: 2000,
  },
  fc.record({
    text: mutated([sample], tokens),
    lines: fc.array(line, { maxLength: 5 }),
    blank: fc.constantFrom(" ", "\t", "  \t"),
  }),
  ({ text, lines, blank }) => {
    for (const [address, names] of parseHosts(text)) {
      invariant(isIP(address) !== 0 && names.length > 0, address);
      checkEqual(canonicalAddress(address), address, "one spelling");
      for (const one of names)
        invariant(nodeNames(one, "cluster.test").length > 0 && !/[\s#]/.test(one), one);
    }
    const written = lines.map(([address, names]) => `${[address, ...names].join(blank)} # x\n`).join("");
    const found = parseHosts(written);
    for (const [address, names] of lines)
      invariant(
        names.every((one) => found.get(canonicalAddress(address) ?? "")?.includes(one)),
        address,
      );
  },
);
