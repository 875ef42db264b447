import type { BootFacts } from "./facts.ts";

/** One parameter of the kernel's command line; `true` is one without a value. */
export type Parameter = readonly [name: string, value: string | true];

/**
 * The command line that `nodeset` writes, in xCAT's order and without `BOOTIF`, which the boot loader adds: `root=nfs:`
 * for images with dracut's initrd, `NFSROOT=` for others, `imgurl=` for a root in memory. An `NFSROOT=` cannot carry
 * mount options, so that `root=nfs:` stands in its place where the image has some.
 */
export function bootParameters(facts: BootFacts): readonly Parameter[] {
  const { root, rootOptions, statemnt, master, node, httpPort } = facts;
  const xcat: Parameter = ["XCAT", `${bracketed(master)}:${facts.xcatdPort}`];
  const http: Parameter = ["XCATHTTPPORT", httpPort];
  const named: Parameter = ["NODE", node];
  return [
    rootParameter(root, rootOptions, facts),
    ["STATEMNT", statemnt],
    xcat,
    ...(facts.dracut
      ? ([named, http, ["selinux", "0"]] as const)
      : ([http, named, ["FC", facts.flowControl ? "1" : "0"], ["ip", "dhcp"]] as const)),
    ...words("netdev", facts.interface),
    ...words("XCATIPORT", facts.monitorPort),
    ...(facts.silent ? [["nonodestatus", true] as const] : []),
    ...(facts.debug === ""
      ? []
      : ([
          ["LOGSERVER", master],
          ["xcatdebugmode", facts.debug],
        ] as const)),
    ...(facts.partition === "" ? [] : [[facts.partition, true] as const]),
    ...(facts.console === ""
      ? []
      : ([
          ["console", "tty0"],
          ["console", facts.console],
        ] as const)),
    ["MNTOPTS", facts.mntopts],
    ...facts.added.map(parameterOf),
  ];
}

function rootParameter(root: BootFacts["root"], options: string, { dracut, httpPort }: BootFacts): Parameter {
  const { kind, directory } = root;
  const server = bracketed(root.server);
  // The second slash is xCAT's; a web server does not mind.
  if (kind === "ramdisk") return ["imgurl", `http://${server}:${httpPort}/${directory}/rootimg-statelite.gz`];
  if (!dracut && options === "") return ["NFSROOT", `${server}:${directory}`];
  return ["root", `nfs:${server}:${directory}/rootimg:ro${options === "" ? "" : `,${options}`}`];
}

/** An IPv6 address before a colon. */
function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function words(name: string, value: string): readonly Parameter[] {
  return value === "" ? [] : [[name, value]];
}

/** `name=value`, the value in quotes where it stood in quotes. */
function parameterOf(word: string): Parameter {
  const [, name = word, value] = /^([^="]+)=(.*)$/s.exec(word) ?? [];
  if (value === undefined) return [word, true];
  return [name, value.replace(/^"(.*)"$/s, "$1")];
}

/** One word for each parameter; a value with a blank is quoted as the kernel wants it. */
export function formatParameter([name, value]: Parameter): string {
  if (value === true) return name;
  return /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`;
}
