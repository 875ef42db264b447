/** Every parameter the agent reads, what it takes and where an administrator corrects it. Data for messages. */

export interface ParameterHelp {
  /** What is expected, for people. */
  readonly takes: string;
  readonly remedy: string;
}

const AGAIN = "then run nodeset again";
const BY_HAND = `correct it in addkcmdline (tables linuximage and bootparams), ${AGAIN}`;
const IMAGE = `check noderes.nfsserver and the osimage's rootimgdir, ${AGAIN}`;
const INTERFACE = `check mac.mac and noderes.installnic, ${AGAIN}`;

export const PARAMETERS = {
  NFSROOT: { takes: "server[,server…]:/dir", remedy: IMAGE },
  root: { takes: "nfs:server:/dir[:options] or nfs4:server:/dir[:options]", remedy: IMAGE },
  imgurl: { takes: "http(s)://server/path", remedy: `check noderes.nfsserver and site.httpport, ${AGAIN}` },
  STATEMNT: {
    takes: "server:/dir, or nothing for a node without state",
    remedy: `correct statemnt in the statelite table, ${AGAIN}`,
  },
  MNTOPTS: { takes: "option,option…", remedy: `correct mntopts in the statelite table, ${AGAIN}` },
  XCAT: {
    takes: "host[:port] or http(s)://host, or several of them with commas between",
    remedy: `set noderes.xcatmaster or site.master, ${AGAIN}`,
  },
  NODE: { takes: "the node's name: letters, digits, dots, dashes, underscores", remedy: BY_HAND },
  BOOTIF: { takes: "a MAC address, with 01- before it or not", remedy: INTERFACE },
  netdev: { takes: "an interface's name or MAC address", remedy: INTERFACE },
  ifname: { takes: "name:MAC", remedy: BY_HAND },
  ip: { takes: "dhcp, interface:dhcp or address::gateway:netmask:hostname:interface:none", remedy: BY_HAND },
  nameserver: { takes: "an IP address", remedy: BY_HAND },
  XCATIPORT: { takes: "a port", remedy: BY_HAND },
  nonodestatus: { takes: "nothing, 0 or 1", remedy: `check site.nodestatus, ${AGAIN}` },
  xcatdebugmode: { takes: "0, 1 or 2", remedy: `check site.xcatdebugmode, ${AGAIN}` },
  LOGSERVER: { takes: "a host name or address", remedy: `check noderes.xcatmaster, ${AGAIN}` },
  shell: { takes: "nothing, 0 or 1", remedy: BY_HAND },
  rootlimit: { takes: "a size as tmpfs takes it: 2g, 512m, 50%", remedy: BY_HAND },
  init: { takes: "an absolute path", remedy: BY_HAND },
} as const satisfies Readonly<Record<string, ParameterHelp>>;

export type ParameterName = keyof typeof PARAMETERS;

/** For `statelite.*`, whose other half is in settings.ts. */
export const SETTING_REMEDY = BY_HAND;
