import fc from "fast-check";
import invariant from "tiny-invariant";
import { Table, type TableSet } from "../../agent/rows/table.ts";
import {
  type BootState,
  pxelinuxConfiguration,
  xnbaConfiguration,
} from "../../server-stub/nodeset/configuration.ts";
import { bootFacts } from "../../server-stub/nodeset/facts.ts";
import { nodeFiles } from "../../server-stub/nodeset/layout.ts";
import { isPlainName } from "../../server-stub/nodeset/names.ts";
import { bootParameters } from "../../server-stub/nodeset/parameters.ts";
import { pureTarget } from "./target.ts";

/** What means something to a boot loader, to the kernel or to a file system. */
const tokens = [
  ...[
    "\n",
    "\r",
    "\0",
    "\t",
    " ",
    '"',
    "'",
    "\\",
    "#",
    ";",
    "&&",
    "||",
    "$",
    "${",
    "$" + "{netX/mac}",
    "}",
    "%2e",
  ],
  ...[
    "..",
    "/",
    "//",
    ":",
    ",",
    "=",
    "imgexec kernel",
    "\nAPPEND x",
    "#CMD=id#",
    "$node",
    "\x1b[2J",
    "\x7f",
    "\xff",
  ],
  ...[
    "a".repeat(500),
    "10.0.0.1",
    "fe80::1",
    "rhels9",
    "x86_64",
    "compute",
    "R::",
    "ramdisk",
    "mac",
    "80",
    "y",
  ],
];
const value = fc.oneof(
  fc.constant(""),
  fc
    .array(fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 8 })), { maxLength: 4 })
    .map((some) => some.join("")),
);

const columns: Readonly<Record<string, readonly string[]>> = {
  osimage: ["imagename", "profile", "provmethod", "rootfstype", "nfsrootopts", "osvers", "osarch"],
  linuximage: ["imagename", "rootimgdir", "addkcmdline", "partitionfile"],
  noderes: ["node", "nfsserver", "nfsdir", "installnic", "xcatmaster", "tftpserver"],
  statelite: ["node", "statemnt", "mntopts"],
  bootparams: ["node", "addkcmdline"],
  nodehm: ["node", "serialport", "serialspeed", "serialflow"],
};
const siteKeys = [
  "master",
  "installdir",
  "httpport",
  "xcatdport",
  "xcatiport",
  "nodestatus",
  "xcatdebugmode",
];
/** What a boot cannot do without: given in most inputs, so that most of them get far. */
const usual: Readonly<Record<string, string>> = {
  ...{ imagename: "img", node: "n01", osvers: "rhels9", osarch: "x86_64", profile: "compute" },
  ...{ xcatmaster: "10.0.0.1", httpport: "80", xcatdport: "3001", xcatiport: "3002" },
};

/** A cell is most often what it usually is, or nothing. */
const cell = (column: string) =>
  column === "imagename" || column === "node"
    ? fc.constant(usual[column] ?? "")
    : fc.oneof({ arbitrary: fc.constant(usual[column] ?? ""), weight: 3 }, value);

const sets: fc.Arbitrary<TableSet> = fc
  .record({
    rows: fc.record(
      Object.fromEntries(Object.entries(columns).map(([name, of]) => [name, fc.tuple(...of.map(cell))])),
    ),
    site: fc.tuple(...siteKeys.map(cell)),
  })
  .map(({ rows, site }) => {
    const tables = Object.entries(columns).map(
      ([name, of]) => new Table(name, of, [{ line: 1, cells: rows[name] ?? [] }], name),
    );
    const keys = siteKeys.map((key, index) => ({ line: index + 1, cells: [key, site[index] ?? ""] }));
    tables.push(new Table("site", ["key", "value"], keys, "site"));
    tables.push(new Table("nodelist", ["node", "groups"], [{ line: 1, cells: ["n01", ""] }], "nodelist"));
    return { tables: new Map(tables.map((table) => [table.name, table])) };
  });

export default pureTarget(
  {
    name: "nodeset",
    about:
      "Tables with anything in them: what boot loaders get is the lines that nodeset writes, or nothing.",
    inputs: 200_000,
    share: 3000,
  },
  sets,
  async (set) => {
    let state: BootState;
    let texts: readonly string[];
    try {
      const facts = await bootFacts(set, "n01", "img", () => Promise.resolve(""));
      const files = { kernel: "xcat/osimage/img/kernel", initrd: "xcat/osimage/img/initrd-statelite.gz" };
      const { httpPort } = facts;
      const label = `statelite ${facts.label}`;
      state = { kind: "image", label, httpPort, ...files, parameters: bootParameters(facts) };
      texts = [
        pxelinuxConfiguration(state),
        xnbaConfiguration(state, "bios"),
        xnbaConfiguration(state, "uefi"),
      ];
    } catch (error) {
      invariant(error instanceof Error && error.constructor === Error, `refused by ${String(error)}`);
      return;
    }
    checkPxelinux(texts[0] ?? "");
    checkXnba(texts[1] ?? "");
    checkXnba(texts[2] ?? "");
    for (const { path } of nodeFiles("n01", state, { addresses: [], macs: [] }))
      invariant(path.split("/").every(isPlainName), path);
  },
);

/** Each line begins as nodeset begins it, and there is no other. */
function checkLines(text: string, begins: readonly string[]): readonly string[] {
  const lines = text.split("\n");
  invariant(lines.pop() === "" && lines.length === begins.length, `${lines.length} lines`);
  for (const [index, line] of lines.entries()) invariant(line.startsWith(begins[index] ?? "?"), line);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  invariant(!/[\x00-\x09\x0b-\x1f\x7f]/.test(text), "a control character");
  return lines;
}

function checkPxelinux(text: string): void {
  const lines = checkLines(text, [
    "#statelite ",
    "DEFAULT xCAT",
    "LABEL xCAT",
    " KERNEL xcat/",
    " APPEND initrd=xcat/",
    " IPAPPEND 2",
  ]);
  invariant((lines[4] ?? "").length < 2100, "more than a kernel reads");
}

function checkXnba(text: string): void {
  const begins = [
    "#!gpxe",
    "#statelite ",
    "imgfetch -n kernel http://",
    "imgload kernel",
    "imgargs kernel ",
    "imgfetch -n initrd http://",
    "imgexec kernel",
  ];
  const lines = checkLines(text, begins);
  const own = ["next-server", "netX/mac:hexhyp"].map((name) => `\${${name}}`);
  invariant(
    (text.match(/\$\{[^}]*\}?/g) ?? []).every((setting) => own.includes(setting)),
    "a setting",
  );
  const words = (lines[4] ?? "").split(/\s+/);
  invariant(!words.some((word) => ["#", ";", "&&", "||"].includes(word)), "a command");
}
