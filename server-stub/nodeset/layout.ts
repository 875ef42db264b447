import { isIPv4 } from "node:net";
import { type BootState, pxelinuxConfiguration, xnbaConfiguration } from "./configuration.ts";

/** How a boot loader may come to know which file is the node's. */
export interface NodeAddresses {
  /** Dotted quads. */
  readonly addresses: readonly string[];
  /** Lower case, with colons. */
  readonly macs: readonly string[];
}

/** A file or symbolic link below the TFTP directory. */
export type TftpFile =
  | { readonly path: string; readonly content: string }
  | { readonly path: string; readonly link: string };

/** The node's own file for xNBA, from which `stat` reads. */
export function xnbaPath(node: string): string {
  return `xcat/xnba/nodes/${node}`;
}

/** Where pxelinux looks. */
export const pxelinuxFolder = "pxelinux.cfg";

/** The node's own file for pxelinux; its links are beside it. */
export function pxelinuxPath(node: string): string {
  return `${pxelinuxFolder}/${node}`;
}

/** What `nodeset` writes of its own, as opposed to links. */
export function ownPaths(node: string): readonly string[] {
  return [pxelinuxPath(node), xnbaPath(node), `${xnbaPath(node)}.uefi`];
}

/**
 * The files of one node as xCAT lays them out: `xcat/xnba/nodes/<node>` and `pxelinux.cfg/<node>`, and for pxelinux
 * links by MAC and IP address, under which it looks (pxelinux(1): hardware type 01, upper-case hexadecimal).
 */
export function nodeFiles(
  node: string,
  state: BootState,
  { addresses, macs }: NodeAddresses,
): readonly TftpFile[] {
  const names = [
    ...macs.map((mac) => `01-${mac.replaceAll(":", "-")}`),
    ...addresses.filter(isIPv4).map(hexAddress),
  ];
  return [
    { path: pxelinuxPath(node), content: pxelinuxConfiguration(state) },
    ...names.map((name) => ({ path: `${pxelinuxFolder}/${name}`, link: node })),
    { path: xnbaPath(node), content: xnbaConfiguration(state, "bios") },
    { path: `${xnbaPath(node)}.uefi`, content: xnbaConfiguration(state, "uefi") },
  ];
}

function hexAddress(address: string): string {
  return address
    .split(".")
    .map((byte) => Number(byte).toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

/**
 * MAC addresses of `mac.mac`: `address[!name]` with bars between, of which `NOIP` ones belong to no host name.
 *
 * @throws Error where one is none
 */
export function readMacs(text: string): readonly string[] {
  return text
    .split("|")
    .map((item) => item.trim().split("!", 1)[0] ?? "")
    .filter((mac) => mac !== "")
    .map((mac) => {
      const digits = mac.toLowerCase().replaceAll(/[:-]/g, "");
      if (!/^[0-9a-f]{12}$/.test(digits)) throw new Error(`mac.mac: "${mac}" is no MAC address`);
      return digits.replaceAll(/(..)(?=.)/g, "$1:");
    });
}
