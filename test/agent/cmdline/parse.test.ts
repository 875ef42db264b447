import { expect, test } from "bun:test";
import fc from "fast-check";
import type { BootOptions } from "../../../agent/cmdline/options.ts";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";
import { defaultSettings } from "../../../agent/cmdline/settings.ts";
import type { Problem } from "../../../agent/errors.ts";

/** The least that boots; a row's text comes after it, so that its parameters win. */
const BASE = "NFSROOT=10.0.0.1:/image XCAT=10.0.0.1:3001";

function accept(text: string): { options: BootOptions; notes: readonly Problem[] } {
  const parsed = parseCommandLine(text);
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => `${p.on}: ${p.found}`).join("\n"));
  return parsed;
}

function refuse(text: string): readonly Problem[] {
  const parsed = parseCommandLine(text);
  return parsed.ok ? [] : parsed.problems;
}

const nfs = (servers: string[], directory: string, options: string[] = []) => ({
  servers,
  directory,
  options,
});
const root = (servers: string[], directory: string, options: string[] = []) => ({
  kind: "nfs" as const,
  export: nfs(servers, directory, options),
  appendRootimg: false,
});

const roots: readonly [rule: string, text: string, root: BootOptions["root"]][] = [
  [
    "NFSROOT is the directory above rootimg",
    "NFSROOT=s:/a/b",
    { ...root(["s"], "/a/b"), appendRootimg: true },
  ],
  ["NFSROOT that ends in rootimg is the image", "NFSROOT=s:/a/rootimg/", root(["s"], "/a/rootimg")],
  [
    "NFSROOT takes several servers, in order",
    "NFSROOT=a,10.0.0.2,[fe80::1]:/i",
    { ...root(["a", "10.0.0.2", "fe80::1"], "/i"), appendRootimg: true },
  ],
  ["doubled slashes are one", "NFSROOT=s://a//rootimg", root(["s"], "/a/rootimg")],
  ["root=nfs: is the image itself", "root=nfs:10.0.0.1:/i/rootimg", root(["10.0.0.1"], "/i/rootimg")],
  [
    "root=nfs: with options, ro and rw left out",
    "root=nfs:s:/i:ro,soft,vers=3,rw",
    root(["s"], "/i", ["soft", "vers=3"]),
  ],
  ["root=nfs: with ro only", "root=nfs:s:/i/rootimg:ro", root(["s"], "/i/rootimg")],
  ["root=nfs: with an IPv6 server", "root=nfs:[2001:db8::1]:/i:ro", root(["2001:db8::1"], "/i")],
  ["root=nfs: with several servers", "root=nfs:a,[fe80::1%eth0]:/i", root(["a", "fe80::1%eth0"], "/i")],
  ["root=nfs4: means version 4", "root=nfs4:s:/i", root(["s"], "/i", ["vers=4"])],
  ["root=nfs4: leaves a version in its short form", "root=nfs4:s:/i:v4.1", root(["s"], "/i", ["v4.1"])],
  ["root=nfs4: leaves a version that is given", "root=nfs4:s:/i:vers=4.1", root(["s"], "/i", ["vers=4.1"])],
  [
    "imgurl is a ramdisk",
    "imgurl=http://10.0.0.1:8080//i/rootimg-statelite.gz",
    { kind: "ramdisk", url: "http://10.0.0.1:8080//i/rootimg-statelite.gz" },
  ],
  [
    "imgurl goes before NFSROOT",
    "NFSROOT=s:/i imgurl=https://s/i.gz",
    { kind: "ramdisk", url: "https://s/i.gz" },
  ],
  ["NFSROOT goes before root=", "NFSROOT=s:/rootimg root=nfs:t:/other", root(["s"], "/rootimg")],
  [
    "a root= of another kind does not disturb NFSROOT",
    "NFSROOT=s:/rootimg root=/dev/ram0",
    root(["s"], "/rootimg"),
  ],
  ["the last NFSROOT wins", "NFSROOT=s:/first NFSROOT=t:/rootimg", root(["t"], "/rootimg")],
];

test.each(roots)("root: %s", (_rule, text, expected) => {
  expect(accept(`XCAT=h ${text}`).options.root).toEqual(expected);
});

/** What a parameter adds to or changes in the options. */
const others: readonly [rule: string, text: string, part: object][] = [
  ["STATEMNT", "STATEMNT=s:/lite/state/compute", { state: nfs(["s"], "/lite/state/compute") }],
  [
    "STATEMNT takes MNTOPTS",
    "MNTOPTS=soft,timeo=30 STATEMNT=[::1]:/s/",
    { state: nfs(["::1"], "/s", ["soft", "timeo=30"]) },
  ],
  ["empty MNTOPTS is none", "STATEMNT=s:/s MNTOPTS=", { state: nfs(["s"], "/s") }],
  ["XCAT", "XCAT=mn:4001", { servers: [{ protocol: "xcatd", host: "mn", port: 4001 }] }],
  [
    "XCAT's port is 3001 where not given",
    "XCAT=mn",
    { servers: [{ protocol: "xcatd", host: "mn", port: 3001 }] },
  ],
  [
    "XCAT takes several, of either protocol",
    "XCAT=10.0.0.1,[fe80::1]:3002,https://mn/x",
    {
      servers: [
        { protocol: "xcatd", host: "10.0.0.1", port: 3001 },
        { protocol: "xcatd", host: "fe80::1", port: 3002 },
        { protocol: "json", url: "https://mn/x" },
      ],
    },
  ],
  [
    "XCAT over plain HTTP, where nobody has to prove who it is",
    "XCAT=http://mn:8080 statelite.tls=insecure",
    { servers: [{ protocol: "json", url: "http://mn:8080/" }] },
  ],
  ["NODE", "NODE=n-01.cluster", { node: "n-01.cluster" }],
  ["XCATIPORT", "XCATIPORT=4002", { monitorPort: 4002 }],
  ["xcatdebugmode", "xcatdebugmode=2", { debug: 2 }],
  ["LOGSERVER", "LOGSERVER=10.0.0.9", { logServer: "10.0.0.9" }],
  ["shell", "shell", { shell: true }],
  ["shell=0 takes shell back", "shell shell=0", { shell: false }],
  ["rootlimit", "rootlimit=512M", { rootLimit: "512M" }],
  ["PARTITION_RH", "PARTITION_RH", { partition: true }],
  ["PARTITION_SLES", "PARTITION_SLES", { partition: true }],
  ["PARTITION_DOMOUNT_*", "PARTITION_DOMOUNT_RH", { partition: true }],
  ["init", "single init=/bin/sh 3", { init: { path: "/bin/sh", args: ["3"] } }],
  ["run levels are for init", "single quiet 5", { init: { path: "/sbin/init", args: ["single", "5"] } }],
  [
    "what stands after -- is for init",
    "-- --log=debug x",
    { init: { path: "/sbin/init", args: ["--log=debug", "x"] } },
  ],
];

test.each(others)("parameters: %s", (_rule, text, part) => {
  expect(accept(`${BASE} ${text}`).options).toMatchObject(part);
});

const absent: readonly [rule: string, text: string, key: keyof BootOptions][] = [
  ["an empty STATEMNT is no state", "STATEMNT=", "state"],
  ["the last STATEMNT wins, also when it is empty", "STATEMNT=s:/s STATEMNT=", "state"],
  ["MNTOPTS alone is no state", "MNTOPTS=soft", "state"],
  ["an empty NODE is none", "NODE=", "node"],
  ["nonodestatus: no install monitor", "XCATIPORT=3002 nonodestatus", "monitorPort"],
  ["an empty LOGSERVER is none", "LOGSERVER=", "logServer"],
];

test.each(absent)("parameters: %s", (_rule, text, key) => {
  expect(accept(`${BASE} ${text}`).options).not.toHaveProperty(key);
});

test("parameters: with the least there is, everything else is at its default", () => {
  const parsed = accept(BASE);
  expect(parsed.notes).toEqual([]);
  expect(parsed.options).toEqual({
    root: { ...root(["10.0.0.1"], "/image"), appendRootimg: true },
    servers: [{ protocol: "xcatd", host: "10.0.0.1", port: 3001 }],
    stateFromServer: true,
    network: { rename: [], ip: { kind: "dhcp" }, nameservers: [] },
    monitorPort: 3002,
    debug: 0,
    shell: false,
    partition: false,
    init: { path: "/sbin/init", args: [] },
    settings: defaultSettings(),
  });
});

/** As nodeset was seen to write them. */
const nodeset: readonly [image: string, text: string, part: object][] = [
  [
    "with dracut",
    "root=nfs:10.0.0.1:/install/netboot/i/rootimg:ro,soft STATEMNT=10.0.0.1:/lite/state/compute XCAT=10.0.0.1:3001 NODE=n01 XCATHTTPPORT=80  selinux=0  PARTITION_RH MNTOPTS=soft,timeo=30 BOOTIF=01-52-54-00-aa-bb-cc console=tty0 console=ttyS0,115200n8r",
    {
      root: root(["10.0.0.1"], "/install/netboot/i/rootimg", ["soft"]),
      state: nfs(["10.0.0.1"], "/lite/state/compute", ["soft", "timeo=30"]),
      node: "n01",
      partition: true,
      network: { bootMac: "52:54:00:aa:bb:cc" },
    },
  ],
  [
    "without dracut",
    "NFSROOT=10.0.0.1:/install/netboot/i STATEMNT= XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n07 FC=0 ip=dhcp  MNTOPTS=soft BOOTIF=01-52-54-00-AA-BB-CC BOOTIF=52:54:00:aa:bb:cc",
    {
      root: { appendRootimg: true },
      node: "n07",
      network: { bootMac: "52:54:00:aa:bb:cc", ip: { kind: "dhcp" } },
    },
  ],
  [
    "as a ramdisk",
    "imgurl=http://10.0.0.1:80//install/i/rootimg-statelite.gz STATEMNT= XCAT=10.0.0.1:3001 rootlimit= NODE=n02",
    { root: { kind: "ramdisk", url: "http://10.0.0.1//install/i/rootimg-statelite.gz" } },
  ],
];

test.each(nodeset)("nodeset's line for an image %s boots, without a word", (_image, text, part) => {
  const parsed = accept(text);
  expect(parsed.notes).toEqual([]);
  expect(parsed.options).toMatchObject(part);
});

/** Parameter, and what the problem says of it. */
const refused: readonly [text: string, found: RegExp][] = [
  ["NFSROOT=/image", /server is missing/],
  ["NFSROOT=server", /directory is missing/],
  ["NFSROOT=server:image", /"image" is not absolute/],
  ["NFSROOT=server:/a/../b", /\.\./],
  ["NFSROOT=a,,b:/i", /server's name is missing/],
  ["NFSROOT=ser ver", /directory is missing/],
  ["NFSROOT=10.0.0.256:/i", /no IPv4 address/],
  ["NFSROOT=10.0.0.01:/i", /no IPv4 address/],
  ["NFSROOT=fe80::1:/i", /without brackets/],
  ["NFSROOT=[fe80::zz]:/i", /no IPv6 address in brackets/],
  ["NFSROOT=-x:/i", /neither a host name nor an address/],
  [`NFSROOT=s:/${"x".repeat(1100)}`, /characters long/],
  ["imgurl=ftp://s/i", /http/],
  ["imgurl=http:///i", /http/],
  ["STATEMNT=127.0.0.1:18446744073709551615", /bug in one of xCAT's plug-ins/],
  ["STATEMNT=server", /directory is missing/],
  ["STATEMNT=s:/lite/$node", /variable/],
  ["STATEMNT=a,b:/s", /several servers/],
  ['MNTOPTS="soft, timeo=3"', /blank/],
  ["XCAT=:3001", /name is missing/],
  ["XCAT=mn:0", /no port/],
  ["XCAT=mn:65536", /no port/],
  ["XCAT=mn:http", /no port/],
  ["XCAT=fe80::1", /too many colons/],
  ["XCAT=a,,b", /name is missing/],
  ["XCAT=http://", /http/],
  ["XCAT=http://mn/", /over http:\/\/ a server cannot prove who it is/],
  ["XCAT=https://mn/,http://mn/", /cannot prove who it is/],
  ["XCAT=https://u:secret@mn/", /user name or password/],
  ["XCAT=https://mn/site?a=b", /question mark/],
  ["NODE=../n02", /no node name/],
  ["NODE=..", /no node name/],
  ["NODE=n01/x", /no node name/],
  ["NODE=-n", /no node name/],
  [`NODE=${"n".repeat(64)}`, /no node name/],
  ["BOOTIF=01-52-54-00-aa", /six octets/],
  ["BOOTIF=eth0", /six octets/],
  ["netdev=eth0/1", /no interface name/],
  ["netdev=52:54:00:aa:bb", /six octets/],
  ["ifname=eth0", /MAC address is missing/],
  ["nameserver=dns.example", /no IP address/],
  ["XCATIPORT=x", /no port/],
  ["nonodestatus=perhaps", /neither yes nor no/],
  ["xcatdebugmode=3", /none of these/],
  ["LOGSERVER=a/b", /neither a host name/],
  ["shell=maybe", /neither yes nor no/],
  ["rootlimit=lots", /no size/],
  ["init=bin/sh", /no absolute path/],
  ["init=/bin/sh\u0007", /no absolute path/],
  ["statelite.strict=2", /none of these words/],
  ["statelite.onfail=explode", /none of these words/],
  ["statelite.deadline=-1", /no whole number/],
  ["statelite.dns_timeout=0", /no whole number/],
  ["statelite.query-timeout=1.5", /no whole number/],
  ["statelite.tls=no", /none of these words/],
  ["statelite.report=report.json", /no absolute path/],
];

test.each(refused)("refused: %s", (text, found) => {
  const problems = refuse(`${BASE} ${text}`);
  expect(problems.map((p) => p.found)).toEqual([expect.stringMatching(found)]);
  expect(problems[0]).toMatchObject({ class: "fatal", doing: "read the kernel command line" });
  expect(problems[0]?.on).toStartWith(`${text.split("=")[0]}=`);
  expect(problems[0]?.remedy).not.toBe("");
});

const missing: readonly [rule: string, text: string, on: string][] = [
  ["no image", "XCAT=mn", "NFSROOT="],
  ["a root= that is not NFS", "XCAT=mn root=/dev/sda1", "root=/dev/sda1"],
  ["no server", "NFSROOT=s:/i", "XCAT="],
  ["an empty server", "NFSROOT=s:/i XCAT=", "XCAT="],
];

test.each(missing)("refused: %s", (_rule, text, on) => {
  expect(refuse(text).map((p) => p.on)).toEqual([on]);
});

test("all problems are reported at once, and the settings are kept for the failure policy", () => {
  const parsed = parseCommandLine(
    "XCAT=a:b NODE=.. STATEMNT=x BOOTIF=1 statelite.tls=x statelite.onfail=reboot",
  );
  if (parsed.ok) throw new Error("accepted");
  const names = parsed.problems.map((p) => p.on.split("=")[0]);
  expect(names.toSorted()).toEqual(["BOOTIF", "NFSROOT", "NODE", "STATEMNT", "XCAT", "statelite.tls"]);
  expect(parsed.settings).toEqual({ ...defaultSettings(), onfail: "reboot" });
});

const notes: readonly [rule: string, text: string, found: RegExp][] = [
  ["a misspelt setting is seen", "statelite.onfial=reboot", /no such setting/],
  ["two roots", "root=nfs:t:/i", /NFSROOT goes before it/],
  ["a state that is to be mounted ro", "STATEMNT=s:/s MNTOPTS=ro,soft", /never mounted ro/],
  ["a parameter behind --", "-- BOOTIF=01-52-54-00-aa-bb-cc", /after --/],
];

test.each(notes)("noted, and booted: %s", (_rule, text, found) => {
  const parsed = accept(`${BASE} ${text}`);
  expect(parsed.notes.map((n) => [n.class, n.code, n.found])).toEqual([
    ["note", "cmdline-note", expect.stringMatching(found)],
  ]);
});

test("an unknown parameter is ignored without a word", () => {
  expect(accept(`${BASE} quiet rd.neednet=1 foo="a b" XCATHTTPPORT=80 ro`)).toEqual(accept(BASE));
});

test("a message holds no password and not the whole of a long value", () => {
  const [problem] = refuse(`${BASE} imgurl=ftp://u:geheim@s/${"y".repeat(4000)}`);
  expect(problem?.on).toContain("//***@s/");
  expect(problem?.on.length).toBeLessThan(350);
});

test("whatever the text, there is an answer", () => {
  const name = fc.constantFrom(
    ...[
      "NFSROOT",
      "root",
      "imgurl",
      "STATEMNT",
      "MNTOPTS",
      "XCAT",
      "NODE",
      "BOOTIF",
      "netdev",
      "ifname",
      "ip",
    ],
    ...[
      "init",
      "rootlimit",
      "shell",
      "--",
      "statelite.report",
      "statelite.deadline",
      "__proto__",
      "constructor",
    ],
  );
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.stringMatching(/^[a0:.,/[\]"%@-]{0,20}$/),
    fc.constantFrom("nfs:", "nfs:a:/b", "a:/b", "[::1]:/b", "http://a/", "dhcp", "eth0:dhcp"),
  );
  const parameter = fc.tuple(name, fc.constantFrom("=", '="', " ", ""), value).map((parts) => parts.join(""));
  const text = fc.oneof(
    fc.array(parameter).map((all) => all.join(" ")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, (line) => {
      const parsed = parseCommandLine(line);
      if (parsed.ok) expect(parsed.options.servers.length).toBeGreaterThan(0);
      else for (const p of parsed.problems) expect([p.on, p.found, p.remedy]).not.toContain("");
    }),
    { numRuns: 2000 },
  );
});
