import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PlanDocument } from "../../agent/report/schema.ts";
import type { BootDocument } from "../../agent/xcat/boot-document.ts";
import { project } from "../../qemu/paths.ts";
import baseline from "../golden/xcatd/baseline.json";
import edges from "../golden/xcatd/edges.json";
import protocol from "../golden/xcatd/protocol.json";

const EDGES = join(project, "test/golden/xcatd/tables-edges");

/** Requests that a real xcatd was asked. */
export const requestSamples: readonly string[] = [
  ...new Set([...baseline.cases, ...protocol.port3001].map(({ request }) => request)),
  "<xcatrequest><command>litetree</command><noderange>n[01-20],-n03,@compute</noderange></xcatrequest>\n",
  "<xcatrequest><command>getpartition</command><arg>a</arg><transid>7</transid></xcatrequest>\n",
];

/** What means something in XML. */
export const xmlTokens: readonly string[] = [
  ...["<", ">", "</", "/>", "&", ";", "&#x0;", "&lt;", "&#xffffffff;", "<!--", "-->", "<![CDATA[", "]]>"],
  ...[
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    "<?xml?>",
    "'",
    '"',
    "=",
    "<a>".repeat(40),
    "<xcatrequest>",
    "</xcatrequest>\n",
  ],
];

/** As nodeset writes it, for images with dracut and without, and everything at once. */
export const commandLineSamples: readonly string[] = [
  "BOOT_IMAGE=xcat/kernel NFSROOT=10.0.0.1:/install/netboot/compute STATEMNT=10.0.0.2:/state XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n07 FC=0 ip=dhcp MNTOPTS=soft,ro BOOTIF=01-aa-bb-cc-dd-ee-ff\n",
  "quiet root=nfs:10.0.0.1:/install/netboot/compute/rootimg:ro STATEMNT= XCAT=10.0.0.1:3001 NODE=n07 xcatdebugmode=2 LOGSERVER=10.0.0.1 XCATIPORT=3002 shell rd.neednet=1 -- single\n",
  'imgurl=http://10.0.0.1:80/install/rootimg-statelite.gz XCAT=https://mn.cluster:3003/x,[fe80::1%eth0] rootfstype=ramdisk rootlimit=2g ip=10.0.0.7::10.0.0.1:255.255.255.0:n07:eth0:none:9000 nameserver=10.0.0.1 ifname=eth0:aa:bb:cc:dd:ee:ff netdev=eth0 PARTITION_RH statelite.strict=1 statelite.onfail=reboot statelite.onfail-delay=5 "statelite.report=/dev/a b" init=/usr/lib/systemd/systemd 3\n',
];

/** Answers of a real xcatd; bytes as characters. */
export const answerSamples: readonly string[] = [
  ...new Set(
    [...baseline.cases, ...edges.cases, ...protocol.port3001]
      .map(({ response }) => response)
      .filter((response) => response !== "" && response.length < 4000),
  ),
];

/** Everything that a boot document can have. */
export const documentSample: BootDocument = {
  schema: 1,
  node: "n01",
  image: "rhels9-x86_64-statelite-compute",
  litefile: [
    { options: "link", path: "/etc/mtab" },
    { options: "persistent", path: "/var/lib/a b/" },
  ],
  litetree: [
    { server: "10.0.0.1", directory: "/syncdirs/common", mountOptions: "soft" },
    { server: "", directory: "", mountOptions: "", error: "nodetypo does not exist" },
  ],
  state: { location: "10.0.0.2:/state", mountOptions: "soft,timeo=30" },
  partition: ["type=format", "enable=yes\n"],
};

/** The tables that a real xcatd answered by, latin-1, by their names. */
export const tableSamples: Readonly<Record<string, string>> = Object.fromEntries(
  [...new Bun.Glob("*.csv").scanSync({ cwd: EDGES })]
    .sort()
    .map((file) => [file.slice(0, -".csv".length), readFileSync(join(EDGES, file), "latin1")]),
);

/** Heads of requests as agents, curl and a proxy write them, without the empty line at their end. */
export const httpSamples: readonly string[] = [
  "GET /v1/nodes/n01/boot HTTP/1.1\r\nHost: 10.0.0.1:8443\r\nUser-Agent: statelite-agent\r\nAccept-Encoding: gzip\r\nConnection: close",
  'GET /v1/nodes/-/boot HTTP/1.1\r\nHost: mn\r\nIf-None-Match: W/"abc", "def"\r\nAuthorization: Bearer correct-horse-battery-staple',
  "POST /v1/nodes/n01.cluster.test/report HTTP/1.1\r\nHost: mn\r\nContent-Type: application/json\r\nContent-Length: 1234\r\nExpect: 100-continue",
  "HEAD http://mn:80/healthz?x=y HTTP/1.0\r\nX-Forwarded-For: 10.0.0.1",
];

/** What means something in them. */
export const httpTokens: readonly string[] = [
  ...[
    "\r\n",
    "\r",
    ":",
    " ",
    "\t",
    "/",
    "..",
    "%2e%2e",
    "%2f",
    "%ff",
    "%",
    "?",
    "#",
    "//",
    "{node}",
    "__proto__",
  ],
  ...[
    "HTTP/2.0",
    "Host: a\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
  ],
];

const sampleRow = { options: "persistent", path: "/var/lib/x/" };

/** Everything that a plan can have, small. */
export const planSample: PlanDocument = {
  schema: 1,
  agent: "0.1.0",
  node: "n01",
  image: "10.0.0.1:/install/compute/rootimg",
  sources: [
    {
      name: "10.0.0.1:/common",
      location: "/.statelite/mnt/10.0.0.1/common",
      lookedAt: "/srv/common",
      origin: {
        place: "litetree.csv line 2",
        image: "ALL",
        insteadOf: [{ place: "litetree.csv line 3", image: "" }],
      },
    },
    { name: "b:/x", location: "/.statelite/mnt/b/x", unavailable: "no route to host" },
  ],
  entries: [
    {
      path: "/etc/a",
      options: "tmpfs",
      placement: "bind",
      at: "/usr/etc/a",
      winners: ["source 1 (10.0.0.1:/common)"],
      content: "/.statelite/tmpfs/etc/a",
      candidates: [
        {
          name: "source 1 (10.0.0.1:/common)",
          location: "/.statelite/mnt/10.0.0.1/common/etc/a",
          found: "file, 12 bytes",
        },
        { name: "default", location: "/.default/etc/a", passedOver: "an earlier one serves" },
      ],
      origin: { place: "litefile.csv line 4", image: "ALL", insteadOf: [] },
    },
    { path: "/var/lib/x", options: "persistent", placement: "none", winners: [], candidates: [] },
  ],
  ops: [
    {
      op: "seed /.default/var/lib/x -> /.statelite/persistent/n01/var/lib/x  # persistent /var/lib/x/",
      kind: "seed",
      row: sampleRow,
      winners: ["default"],
    },
  ],
  problems: [
    {
      class: "row",
      code: "unresolved",
      doing: "find the content of an entry",
      on: "/var/lib/x",
      found: "in none of 2 sources",
      remedy: "run liteimg again",
      row: sampleRow,
    },
    {
      class: "note",
      code: "tables-dropped",
      doing: "read the tables",
      on: "litefile.csv line 9",
      found: "no file is named",
      remedy: "name one",
    },
  ],
};
