import type { CommandRunner } from "../../agent/rows/litetree.ts";
import { nodeAttribute, siteValue } from "../../agent/rows/nodes.ts";
import { stateLocation } from "../../agent/rows/statemnt.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { isPlainName } from "./names.ts";

/** What the tables say about the boot of one node. Text is latin-1, as in the tables. */
export interface BootFacts {
  readonly node: string;
  readonly image: string;
  /** `rhels9-x86_64-compute`: what people call it. */
  readonly label: string;
  /** Of the image's initrd: dracut reads other words than the script that was there before it. */
  readonly dracut: boolean;
  /** The image by NFS, or a root in memory by HTTP. */
  readonly root: { readonly kind: "nfs" | "ramdisk"; readonly server: string; readonly directory: string };
  /** `osimage.nfsrootopts`. */
  readonly rootOptions: string;
  /** `server:/dir`; empty where the node keeps no state. */
  readonly statemnt: string;
  readonly mntopts: string;
  /** The management node, or service node, as the node reaches it. */
  readonly master: string;
  readonly xcatdPort: string;
  readonly httpPort: string;
  /** Empty where it is the usual one. */
  readonly monitorPort: string;
  /** `site.nodestatus` says that nodes are to tell nothing. */
  readonly silent: boolean;
  readonly flowControl: boolean;
  /** `site.xcatdebugmode`, where it is on. */
  readonly debug: string;
  /** An interface by name or MAC address, where `noderes.installnic` names one. */
  readonly interface: string;
  /** `PARTITION_RH` and the like, where the image has a partition file; empty otherwise. */
  readonly partition: string;
  /** `ttyS0,115200n8r`; empty without a serial console. */
  readonly console: string;
  /** `addkcmdline` of the image, then of the node. */
  readonly added: readonly string[];
}

/**
 * Gathers them from the tables that xCAT's `nodeset` reads.
 *
 * @param run for `#CMD=` in `statelite.statemnt`
 * @throws Error where the tables do not say enough for a boot; the message says what is missing
 */
export async function bootFacts(
  set: TableSet,
  node: string,
  image: string,
  run: CommandRunner,
): Promise<BootFacts> {
  const noderes = (column: string): string => nodeAttribute(set, node, "noderes", column);
  const osimage = imageColumns(set, "osimage", image);
  const linuximage = imageColumns(set, "linuximage", image);
  const os = osimage("osvers") || nodeAttribute(set, node, "nodetype", "os");
  const arch = osimage("osarch") || nodeAttribute(set, node, "nodetype", "arch");
  const profile = osimage("profile") || nodeAttribute(set, node, "nodetype", "profile");
  for (const [column, value] of Object.entries({ os, arch, profile })) {
    if (value === "") throw new Error(`${image} has no ${column}: fill in its row of the osimage table`);
    // They become part of a folder's name, and of a line that boot loaders read.
    if (!isPlainName(value))
      throw new Error(`${image}: ${column} is ${JSON.stringify(value)}, which is no name`);
  }
  const master = noderes("xcatmaster") || siteValue(set, "master");
  if (master === "")
    throw new Error(`${node} has no server: set noderes.xcatmaster for it, or site.master for all nodes`);
  const { statemnt, mntopts, errors } = await stateLocation(set, node, run);
  if (errors.length > 0) throw new Error(errors.join("; "));
  const standard = `/netboot/${os}/${arch}/${profile}`;
  const install = siteValue(set, "installdir") || "/install";
  const directory = linuximage("rootimgdir") || `${install}${standard}`;
  const ramdisk = osimage("rootfstype") === "ramdisk";
  const nfsdir = noderes("nfsdir");
  const monitorPort = portOf(set, "xcatiport", "3002");
  return {
    node,
    image,
    label: [os, arch, profile].join("-"),
    dracut: usesDracut(os),
    root: ramdisk
      ? { kind: "ramdisk", server: noderes("tftpserver") || master, directory }
      : {
          kind: "nfs",
          server: noderes("nfsserver") || noderes("tftpserver") || master,
          directory: nfsdir === "" ? directory : `${nfsdir.replace(/\/+$/, "")}${standard}`,
        },
    rootOptions: osimage("nfsrootopts"),
    ...{ statemnt, mntopts },
    master,
    xcatdPort: portOf(set, "xcatdport", "3001"),
    httpPort: portOf(set, "httpport", "80"),
    monitorPort: monitorPort === "3002" ? "" : monitorPort,
    silent: /^(?:n|no|0)$/i.test(siteValue(set, "nodestatus")),
    flowControl: /^(?:y|yes|1)$/i.test(siteValue(set, "useflowcontrol")),
    debug: /^[12]$/.exec(siteValue(set, "xcatdebugmode"))?.[0] ?? "",
    interface: interfaceOf(noderes("installnic")),
    partition:
      linuximage("partitionfile") === "" ? "" : os.startsWith("sles") ? "PARTITION_SLES" : "PARTITION_RH",
    console: serialConsole(set, node),
    added: [linuximage("addkcmdline"), nodeAttribute(set, node, "bootparams", "addkcmdline")].flatMap(
      addedWords,
    ),
  };
}

/** Where `nodeset` looks for an image's kernel and initrd. */
export function imageDirectory(set: TableSet, image: string): string {
  return imageColumns(set, "linuximage", image)("rootimgdir");
}

function imageColumns(set: TableSet, name: string, image: string): (column: string) => string {
  const table = tableOf(set, name);
  const row = table.rowsWhere("imagename", image)[0];
  return (column) => (row === undefined ? "" : table.cell(row, column));
}

function portOf(set: TableSet, key: string, usual: string): string {
  const port = siteValue(set, key) || usual;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`${key} in the site table is ${JSON.stringify(port)}, which is no port`);
  return port;
}

/** The families whose images have had dracut's initrd since the release named (xCAT's table, as of 2.19). */
function usesDracut(os: string): boolean {
  const [, family = "", release = "0"] = /^([a-z]+)(\d*)/.exec(os) ?? [];
  if (family === "fedora") return Number(release) >= 12;
  return (
    ["rhel", "rhels", "rhelhpc", "centos", "ol", "rocky", "alma", "sl"].includes(family) &&
    Number(release) >= 6
  );
}

/** `mac`, or nothing, leaves it to `BOOTIF`, which the boot loader adds. */
function interfaceOf(installnic: string): string {
  return installnic === "mac" ? "" : installnic;
}

function serialConsole(set: TableSet, node: string): string {
  const [port = "", speed = "", flow = ""] = ["serialport", "serialspeed", "serialflow"].map((column) =>
    nodeAttribute(set, node, "nodehm", column),
  );
  if (port === "" || speed === "") return "";
  return `ttyS${port},${speed}${/^(?:hard|cts|ctsrts)$/.test(flow) ? "n8r" : ""}`;
}

/** `R::` marks what an installed system keeps; a diskless one has it as it is. */
function addedWords(text: string): string[] {
  if ((text.split('"').length - 1) % 2 === 1)
    throw new Error(`addkcmdline: a quote that is not closed: ${text}`);
  return (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replace(/^R::/, ""));
}
