import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hardware, Lab } from "../../../qemu/lab.ts";
import { initrdWithBefore } from "../before-agent.ts";
import { type Fault, testFaults } from "../fault.ts";

const NO_LINK = /network: no link on eth0 \(52:54:00:00:00:0b\) yet, is the cable in\?/;

/** Cable, DHCP, DNS, and a network that loses a fifth of everything. */
const FAULTS: readonly Fault[] = [
  {
    fault: "no cable",
    parameters: { "statelite.link_timeout": "5" },
    meanwhile: (_, n01) => n01.cable("out"),
    outcome: { kind: "fails", found: "no link within 5 s", remedy: "check the cable and the switch port" },
  },
  {
    fault: "no cable at first, put in 10 s after it was missed",
    meanwhile: async (_, n01) => {
      await n01.cable("out");
      await n01.console.waitFor(NO_LINK, 180);
      await Bun.sleep(10_000);
      await n01.cable("in");
    },
    outcome: { kind: "boots", says: NO_LINK },
  },
  {
    fault: "no DHCP server",
    parameters: { "statelite.dhcp_timeout": "6" },
    before: (lab) => lab.service("dhcp").stop(),
    outcome: {
      kind: "fails",
      found: "no lease within 6 s; it has link",
      remedy: /check that the DHCP server has an entry for 52:54/,
    },
  },
  {
    fault: "no DHCP server at first, there after 15 s",
    before: (lab) => lab.service("dhcp").stop(),
    meanwhile: async (lab, n01) => {
      await n01.console.waitFor(/statelite-agent/, 60);
      await Bun.sleep(15_000);
      await lab.service("dhcp").start();
    },
    outcome: { kind: "boots", says: /no answer to DHCP on eth0 \(52:54:00:00:00:0b\) for 10 s/ },
  },
  {
    fault: "no name server, and a name to look up",
    parameters: { XCAT: "mn:3001", "statelite.query_timeout": "6", "statelite.dns_timeout": "4" },
    before: (lab) => lab.service("dns").stop(),
    outcome: {
      kind: "fails",
      on: "mn:3001",
      found: /mn cannot be looked up: .*10\.0\.0\.1/,
      remedy: /name server/,
    },
  },
  {
    fault: "a name server that answers after 2 s",
    parameters: { XCAT: "mn:3001" },
    dns: { delay: 2 },
    outcome: { kind: "boots", says: /4\/8 query-server \d{4,} ms/ },
  },
  {
    fault: "a name server that answers after 9 s, and 4 s to look a name up",
    parameters: { XCAT: "mn:3001", "statelite.query_timeout": "6", "statelite.dns_timeout": "4" },
    dns: { delay: 9 },
    outcome: { kind: "fails", on: "mn:3001", found: /mn cannot be looked up: .*10\.0\.0\.1/ },
  },
  {
    fault: "a name server that gives a wrong address",
    parameters: { XCAT: "elsewhere:3001", "statelite.query_timeout": "6" },
    dns: { names: [{ name: "elsewhere", address: "10.0.0.99" }] },
    outcome: { kind: "fails", on: "elsewhere:3001", found: /10\.0\.0\.99.*no connection|no connection/ },
  },
  {
    fault: "a name server that gives the server's address for another name",
    parameters: { XCAT: "elsewhere:3001" },
    dns: { names: [{ name: "elsewhere", address: "10.0.0.1" }] },
    outcome: {
      kind: "fails",
      on: "elsewhere:3001",
      found: "wrong name: the server's certificate is for mn, not for elsewhere",
      remedy: "noderes.xcatmaster",
    },
  },
  {
    fault: "the network loses 20 % of what the node sends, and takes 200 ms for the rest",
    hardware: lossyNetwork,
    tables: fewRows,
    seconds: 300,
    outcome: { kind: "boots", says: /netem: loss 20% delay 200ms/ },
  },
];

/** Each question to the server takes a second here: the demo's own entries have to do. */
function fewRows(folder: string): void {
  const file = join(folder, "litefile.csv");
  const rows = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, rows.filter((row) => /^#|\/etc\/demo|\/srv\//.test(row)).join("\n"));
}

/** The network scheduler netem (tc-netem(8)) on every card. */
const NETEM = `modprobe virtio_pci
modprobe virtio_net
insmod /before/sch_netem.ko
for card in /sys/class/net/e*; do
  /before/tc qdisc add dev "\${card##*/}" root netem loss 20% delay 200ms && echo "netem: loss 20% delay 200ms" >/dev/console
done
`;

async function lossyNetwork(lab: Lab): Promise<Hardware> {
  const programs = { tc: "/sbin/tc" };
  return { initrd: await initrdWithBefore(lab, { script: NETEM, programs, modules: ["sch_netem"] }) };
}

testFaults(import.meta.path, FAULTS);
