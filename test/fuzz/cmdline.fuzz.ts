import fc from "fast-check";
import invariant from "tiny-invariant";
import type { BootOptions, NfsExport } from "../../agent/cmdline/options.ts";
import { PARAMETERS } from "../../agent/cmdline/parameters.ts";
import { parseCommandLine } from "../../agent/cmdline/parse.ts";
import { SETTING_KEYS, SETTINGS } from "../../agent/cmdline/settings.ts";
import { type Parameter, splitCommandLine } from "../../agent/cmdline/words.ts";
import { mutated } from "./mutate.ts";
import { commandLineSamples } from "./samples.ts";
import { checkAbsolute, checkEqual, checkHost, checkIPv4, checkPort, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const names = [
  ...Object.keys(PARAMETERS),
  ...SETTING_KEYS.map((key) => SETTINGS[key].name),
  ...["statelite.", "statelite.on-fail", "PARTITION_RH", "PARTITION_DOMOUNT_x", "__proto__", "--", ""],
];
const values = [
  ...[
    "10.0.0.1",
    "[fe80::1%eth0]",
    "mn.cluster",
    "10.0.0.1:3001",
    "[::1]:65536",
    "a,b,[::1]",
    "http://u:p@h/",
  ],
  ...["https://h:99999/", "s:/a/rootimg", "s:/..", "nfs:s:/a:vers=3,ro", "nfs4:[::1]:/", "/a:1", "$node:/a"],
  ...["dhcp", "eth0:dhcp:9000", "10.0.0.7::10.0.0.1:255.255.255.0:n07:eth0:none", "01-aa-bb-cc-dd-ee-ff"],
  ...[
    "aa:bb:cc:dd:ee:ff",
    "eth0:aa:bb:cc:dd:ee:ff",
    "0",
    "1",
    "600",
    "99999999999",
    "50%",
    "2g",
    "/sbin/init",
  ],
  ...['"a b"', '"', "a b", "=", "", "\u001b[2J", "\ufffd", "é", "/dev/vport0p1", "s".repeat(5000)],
];

const parameter = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom("=", "=", "=", "", '="', "= "),
    fc.oneof(fc.constantFrom(...values), fc.string({ unit: "binary", maxLength: 12 })),
    fc.constantFrom("", "", '"'),
  )
  .map((parts) => parts.join(""));

const built = fc
  .tuple(
    fc.array(parameter, { maxLength: 8 }),
    fc.constantFrom("", "NFSROOT=s:/a XCAT=s", "imgurl=http://s/i XCAT=https://s"),
    fc.constantFrom(" ", "\n", "\t", "\v\f\r", "\u00a0"),
  )
  .map(([parts, good, blank]) => [...parts, good].join(blank));

/** The kernel hands out bytes; the agent reads them as UTF-8, with U+FFFD for what is none. */
const damaged = mutated(commandLineSamples, [
  "=",
  '"',
  " -- ",
  ",",
  ":",
  "[",
  "]",
  "$",
  ...names,
  ...values,
]).map((bytes) => Buffer.from(bytes, "latin1").toString());

export default pureTarget(
  {
    name: "cmdline",
    about: "The kernel command line, any bytes: options that can be relied upon, or problems, never both.",
    inputs: 100_000,
    share: 2000,
  },
  fc.oneof(built, damaged),
  (text) => {
    const line = splitCommandLine(text);
    checkEqual(
      [...line.parameters, ...line.afterDashes],
      withoutDashes(kernelWords(text)),
      "cut as the kernel cuts it",
    );
    const parsed = parseCommandLine(text);
    for (const note of parsed.notes) checkProblem(note);
    if (parsed.ok) checkOptions(parsed.options);
    else for (const problem of parsed.problems) checkProblem(problem);
    checkEqual(
      parseCommandLine(`\n${text.replaceAll(" ", "  ")}`).ok,
      parsed.ok,
      "blanks between do not matter",
    );
  },
);

/** What phases rely upon without looking again. */
function checkOptions({
  root,
  state,
  servers,
  node,
  network,
  monitorPort,
  logServer,
  init,
  settings,
}: BootOptions) {
  if (root.kind === "nfs") checkExport(root.export);
  if (root.kind === "ramdisk") invariant(/^https?:$/.test(new URL(root.url).protocol));
  if (state !== undefined) checkExport(state);
  invariant(state === undefined || state.servers.length === 1);
  invariant(servers.length > 0);
  for (const server of servers) {
    if (server.protocol === "xcatd") checkHost(server.host);
    if (server.protocol === "xcatd") checkPort(server.port);
    else invariant(new URL(server.url).password === "" && /^https?:/.test(server.url));
  }
  if (node !== undefined) invariant(/^\w[\w.-]*$/.test(node), `node ${node}`);
  const { ip, rename, bootMac, nameservers } = network;
  for (const mac of [bootMac, ...rename.map((one) => one.mac)])
    invariant(mac === undefined || /^([0-9a-f]{2}:){5,19}[0-9a-f]{2}$/.test(mac), `MAC ${mac}`);
  for (const name of [
    ...rename.map((one) => one.name),
    ...(ip.kind !== "none" && ip.interface ? [ip.interface] : []),
  ])
    invariant(/^[^\s/]{1,15}$/.test(name) && name !== "." && name !== "..", `interface ${name}`);
  for (const address of nameservers) checkHost(address);
  if (ip.kind === "static" && ip.address.includes(".") && !ip.address.includes(":")) checkIPv4(ip.address);
  if (ip.kind === "static") invariant(ip.prefix >= 0 && ip.prefix <= (ip.address.includes(":") ? 128 : 32));
  if (monitorPort !== undefined) checkPort(monitorPort);
  if (logServer !== undefined) checkHost(logServer);
  // Its ".." lead nowhere: it is looked up, and started, in the image as the root.
  invariant(/^\/[!-~]+$/.test(init.path), `init ${init.path}`);
  if (settings.report !== undefined) checkAbsolute(settings.report);
  for (const value of [settings.deadline, settings.mountTimeout, settings.queryTimeout, settings.onfailDelay])
    invariant(Number.isInteger(value) && value >= 0 && value <= 86_400, `${value} s`);
}

function checkExport({ servers, directory, options }: NfsExport): void {
  invariant(servers.length > 0);
  for (const server of servers) checkHost(server);
  checkAbsolute(directory);
  for (const option of options) invariant(/^[^\s,]+$/.test(option), `mount option ${option}`);
}

/**
 * Another reading of next_arg() in the kernel's lib/cmdline.c, a character at a time: quotes are counted and taken off
 * at three places only.
 */
function kernelWords(text: string): Parameter[] {
  const words: string[] = [];
  let word: string | undefined;
  let inside = false;
  for (const c of text) {
    const blank = " \t\n\v\f\r".includes(c);
    if (blank && !inside) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? "") + c;
    if (c === '"') inside = !inside;
  }
  return (word === undefined ? words : [...words, word]).map(kernelParameter);
}

function kernelParameter(word: string): Parameter {
  const quoted = word.startsWith('"');
  let rest = quoted ? word.slice(1) : word;
  const equals = rest.indexOf("=", 1);
  let closes = quoted;
  if (equals > 0 && rest[equals + 1] === '"') closes = true;
  if (closes && rest.endsWith('"')) rest = rest.slice(0, -1);
  if (equals < 1) return { name: rest };
  const value = rest.slice(equals + 1);
  return { name: rest.slice(0, equals), value: value.startsWith('"') ? value.slice(1) : value };
}

function withoutDashes(parameters: readonly Parameter[]): readonly Parameter[] {
  const at = parameters.findIndex(({ name, value }) => name === "--" && value === undefined);
  return at < 0 ? parameters : parameters.toSpliced(at, 1);
}
