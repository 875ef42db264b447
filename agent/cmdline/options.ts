/**
 * What the kernel command line asks for: the contract between the parser and the phases.
 * Section 3 of the semantics is the reference; values here are parsed and checked, never raw.
 */

/** An NFS directory: servers in the order they are tried, an absolute path, mount options as words. */
export interface NfsExport {
  /** Host names or addresses; IPv6 without brackets. Never empty. */
  readonly servers: readonly string[];
  /** Absolute, normalised, without a trailing slash (but `/` itself). */
  readonly directory: string;
  /**
   * NFS mount options as given, e.g. `["vers=3", "soft"]`; `ro` and `rw` are left out. `vers=4` leaves the minor
   * version open, as in nfs(5).
   */
  readonly options: readonly string[];
}

/** Where the root file system comes from. */
export type RootSource =
  | {
      readonly kind: "nfs";
      readonly export: NfsExport;
      /** Try `directory/rootimg` first: `NFSROOT=` names the directory above it, `root=nfs:` the image itself. */
      readonly appendRootimg: boolean;
    }
  | { readonly kind: "ramdisk"; readonly url: string }
  /** Somebody else has mounted it: `apply` and `plan` are told where. */
  | { readonly kind: "mounted" };

/** One server to ask: xcatd's protocol over TLS, or JSON over HTTP(S). */
export type ServerAddress =
  | { readonly protocol: "xcatd"; readonly host: string; readonly port: number }
  | { readonly protocol: "json"; readonly url: string };

/** `ip=` as dracut.cmdline(7) has it. */
export type IpMethod =
  | {
      readonly kind: "dhcp";
      readonly interface?: string;
      /** Goes before the one that DHCP gives, as the servers do. */
      readonly hostname?: string;
      readonly nameservers?: readonly string[];
      readonly mtu?: number;
      /** The MAC address to give the interface before it is brought up. */
      readonly mac?: string;
    }
  | {
      readonly kind: "static";
      readonly interface?: string;
      readonly address: string;
      readonly prefix: number;
      readonly gateway?: string;
      readonly hostname?: string;
      readonly nameservers: readonly string[];
      readonly mtu?: number;
      readonly mac?: string;
    }
  | { readonly kind: "none" };

export interface NetworkOptions {
  /** MAC address of the interface that booted (`BOOTIF`), lower case with colons. */
  readonly bootMac?: string;
  /** Interface by name or MAC (`netdev`). */
  readonly netdev?: string;
  /** `ifname=NAME:MAC`: rename the interface that has this MAC. */
  readonly rename: readonly { readonly name: string; readonly mac: string }[];
  readonly ip: IpMethod;
  /** `nameserver=` parameters. */
  readonly nameservers: readonly string[];
}

/** What happens when the boot fails (semantics section 9). */
export type FailurePolicy = "shell" | "reboot" | "poweroff" | "halt";

/** The project's own settings, `statelite.*`; all have defaults (settings.ts). Times are in whole seconds. */
export interface Settings {
  /** `default`: persistent, ro and localdisk rows are fatal; `all`; `none`. */
  readonly strict: "default" | "all" | "none";
  /** How volatile directories get their content: copied, or shown through an overlay. */
  readonly tmpfs: "copy" | "overlay";
  /** What becomes of state whose default has changed since it was seeded. */
  readonly reseed: "keep" | "report" | "replace-unmodified";
  readonly onfail: FailurePolicy;
  readonly onfailDelay: number;
  /** What is done with the machine's watchdog. */
  readonly watchdog: "boot" | "keep" | "soft" | "off";
  /** Until the real init must be running; 0 means no limit. */
  readonly deadline: number;
  readonly linkTimeout: number;
  readonly dhcpTimeout: number;
  readonly dnsTimeout: number;
  readonly mountTimeout: number;
  readonly sourceTimeout: number;
  readonly queryTimeout: number;
  readonly tls: "verify" | "insecure";
  /** A device or file that gets a copy of the report, e.g. `/dev/virtio-ports/statelite.report`. */
  readonly report?: string;
}

export interface BootOptions {
  readonly root: RootSource;
  /** `STATEMNT` with `MNTOPTS`; absent where the node keeps no state. */
  readonly state?: NfsExport;
  /** `STATEMNT` is not there, not even empty: a server that tells a boot all at once may say where the state is. */
  readonly stateFromServer: boolean;
  /** Never empty. */
  readonly servers: readonly ServerAddress[];
  readonly node?: string;
  readonly network: NetworkOptions;
  /** Install monitor's port; absent with `nonodestatus`. */
  readonly monitorPort?: number;
  /** `xcatdebugmode`. */
  readonly debug: 0 | 1 | 2;
  readonly logServer?: string;
  /** `shell`: pause three times before switch_root. */
  readonly shell: boolean;
  /** `rootlimit=`: size of a tmpfs root, as tmpfs(5) `size=` takes it. */
  readonly rootLimit?: string;
  /** A `PARTITION_*` parameter was given: ask for the partition file. */
  readonly partition: boolean;
  /** The real init (`init=`), `/sbin/init` where not given, and its arguments. */
  readonly init: { readonly path: string; readonly args: readonly string[] };
  readonly settings: Settings;
}
