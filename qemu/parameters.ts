import type { NodeAddress } from "./bench/network.ts";
import { REPORT_PORT } from "./machine/arguments.ts";

/** Parameters of the kernel's command line by name; `true` is one without a value, `undefined` takes one away. */
export type Parameters = Readonly<Record<string, string | true | undefined>>;

/** What `nodeset` knows of a node when it writes its command line. */
export interface BootTarget {
  readonly node: NodeAddress;
  /** Address of the management node. */
  readonly server: string;
  readonly xcatPort: number;
  /** The folder above `rootimg`, as it is exported. */
  readonly image: string;
  /** The folder that holds the nodes' state, as it is exported. */
  readonly state: string;
  /** NFS options for a server that is not at its usual port; empty otherwise. */
  readonly nfsOptions: string;
}

/**
 * The parameters as `nodeset` writes them: `NFSROOT=` for images without dracut; `root=nfs:` where the mount needs
 * options, which `NFSROOT=` cannot carry.
 */
export function nodesetParameters(target: BootTarget): Parameters {
  const { node, server, image, nfsOptions } = target;
  const root =
    nfsOptions === ""
      ? { NFSROOT: `${server}:${image}` }
      : { root: `nfs:${server}:${image}/rootimg:ro,${nfsOptions}` };
  return {
    ...root,
    STATEMNT: `${server}:${target.state}`,
    XCAT: `${server}:${target.xcatPort}`,
    NODE: node.name,
    FC: "0",
    ip: "dhcp",
    MNTOPTS: nfsOptions,
    BOOTIF: `01-${node.mac.replaceAll(":", "-")}`,
  };
}

/** What the bench adds: a console to read, reports, and a machine that ends when its kernel does. */
export const benchParameters: Parameters = {
  console: "ttyS0",
  panic: "-1",
  "statelite.report": `/dev/virtio-ports/${REPORT_PORT}`,
};

/** One word for each parameter; a value with a blank is quoted as the kernel wants it. */
export function formatParameters(parameters: Parameters): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (value === true) return [name];
    return [/\s/.test(value) ? `${name}="${value}"` : `${name}=${value}`];
  });
}
