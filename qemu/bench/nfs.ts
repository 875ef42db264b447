import { join } from "node:path";
import type { ServiceDefinition } from "./service.ts";

/** A directory of this host that the management node exports. */
export interface Export {
  /** On this host. */
  readonly directory: string;
  /** As clients name it, in every version. */
  readonly path: string;
  /** `none`: known to the server, and nobody's to have. */
  readonly access: "ro" | "rw" | "none";
  /** The client's root is nobody there, as exports(5) has it by default. */
  readonly squashRoot?: boolean;
}

export interface NfsSettings {
  /** The one address to listen on; all where not given. */
  readonly bind?: string | undefined;
  readonly port: number;
  /** Version 3 needs rpcbind and a second port. */
  readonly versions: readonly (3 | 4)[];
}

/** Where version 3's mount protocol listens. */
const MOUNT_PORT = 20048;

/**
 * nfs-ganesha's configuration (ganesha-core-config(8), ganesha-export-config(8)). `mount_path_pseudo` gives version 3
 * the same paths as version 4; `Graceless` saves the grace period at start; a file identity of its own for each
 * export keeps the client from taking two exports of one file system for the same; attributes are kept for one second
 * only, as tests look at and change the files behind the server's back. An address to bind to must be one that
 * getaddrinfo(3) finds with AI_ADDRCONFIG: on a host with nothing but a loopback interface that is none.
 */
export function ganeshaConfig(exports: readonly Export[], settings: NfsSettings, recovery: string): string {
  const head = `NFS_CORE_PARAM {
  ${settings.bind === undefined ? "" : `Bind_addr = ${settings.bind};`}
  NFS_Port = ${settings.port};
  MNT_Port = ${MOUNT_PORT};
  Protocols = ${settings.versions.join(",")};
  mount_path_pseudo = true;
  Enable_NLM = false;
  Enable_RQUOTA = false;
  Enable_UDP = false;
}
NFSv4 {
  Graceless = true;
  RecoveryBackend = fs;
  RecoveryRoot = "${recovery}";
  Only_Numeric_Owners = true;
}
NFS_KRB5 { Active_krb5 = false; }
EXPORT_DEFAULTS {
  SecType = sys;
  Transports = TCP;
  Attr_Expiration_Time = 1;
}
LOG { Default_Log_Level = EVENT; }
`;
  const blocks = exports.map(
    ({ directory, path, access, squashRoot }, index) => `EXPORT {
  Export_Id = ${index + 1};
  Filesystem_Id = ${index + 1}.${index + 1};
  Path = "${directory}";
  Pseudo = "${path}";
  Access_Type = ${access.toUpperCase()};
  Squash = ${squashRoot ? "root_squash" : "no_root_squash"};
  FSAL { Name = VFS; }
}
`,
  );
  return head + blocks.join("");
}

/** The NFS server; `directory` is where it keeps its files. */
export function nfsServer(
  exports: readonly Export[],
  settings: NfsSettings,
  directory: string,
): ServiceDefinition {
  const config = join(directory, "ganesha.conf");
  return {
    name: "nfs",
    argv: ["ganesha.nfsd", "-F", "-f", config, "-L", "STDOUT", "-p", join(directory, "ganesha.pid")],
    port: settings.port,
    files: { [config]: ganeshaConfig(exports, settings, join(directory, "recovery")) },
  };
}

/** The portmapper, which version 3 asks for the mount protocol's port. */
export const portmapper: ServiceDefinition = { name: "rpcbind", argv: ["rpcbind", "-f", "-w"], port: 111 };
