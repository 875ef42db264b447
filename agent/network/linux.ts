import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { errorCode } from "../kernel/errno.ts";
import { ipv6Groups } from "./addresses.ts";
import { runCommand } from "./command.ts";
import { parseVariables } from "./lease.ts";
import { readInterfaces, readPciNetworkDevices } from "./sysfs.ts";
import type { AssignedAddress, DhcpResult, NetworkLog, NetworkSystem } from "./system.ts";

/** Where things are; the defaults are those of the initrd. */
export interface LinuxNetworkPaths {
  readonly busybox: string;
  /** The script of udhcpc, `initramfs/files/udhcpc.script`. */
  readonly dhcpScript: string;
  readonly resolvConf: string;
  /** A folder for files that live for a moment; made where it is not there. */
  readonly work: string;
}

export const INITRD_PATHS: LinuxNetworkPaths = {
  busybox: "/bin/busybox",
  dhcpScript: "/etc/statelite/udhcpc.script",
  resolvConf: "/etc/resolv.conf",
  work: "/run/statelite",
};

/** No `ip` command waits for anything outside the kernel; this is against what nobody foresaw. */
const IP_SECONDS = 10;

/** Seconds between two requests of udhcpc; a server that first pings the address answers after 3. */
const DHCP_RETRY = 3;

/** A DHCP packet is at most 1500 bytes or so, and its options as text some times that. */
const MAX_LEASE_BYTES = 65536;

/** The real machine: sysfs, and busybox for everything that talks to the kernel or a DHCP server. */
export function linuxNetwork(log: NetworkLog, paths: Partial<LinuxNetworkPaths> = {}): NetworkSystem {
  const { busybox, dhcpScript, resolvConf, work } = { ...INITRD_PATHS, ...paths };
  return {
    log,
    interfaces: readInterfaces,
    pciNetworkDevices: readPciNetworkDevices,
    addresses: readAddresses,
    ipv6State: readIpv6State,
    ip: async (args) => {
      const { status, said } = await runCommand([busybox, "ip", ...args], IP_SECONDS);
      if (status === 0) return;
      const why = said || (status === undefined ? `no end within ${IP_SECONDS} s` : `exit status ${status}`);
      throw new Error(`ip ${args.join(" ")}: ${why}`);
    },
    dhcp: (name, seconds) => askForLease({ busybox, dhcpScript, work }, name, seconds),
    writeResolvConf: (text) => writeFileSync(resolvConf, text),
    now: () => performance.now(),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
  };
}

/**
 * One lease by udhcpc in the foreground: it ends with the lease (`-q`) or is killed when the time is over, so that
 * nothing renews the lease. The address stays: the real system takes over before half of the lease is gone.
 */
async function askForLease(
  paths: Pick<LinuxNetworkPaths, "busybox" | "dhcpScript" | "work">,
  name: string,
  seconds: number,
): Promise<DhcpResult> {
  mkdirSync(paths.work, { recursive: true });
  const folder = mkdtempSync(`${paths.work}/dhcp-`);
  try {
    const file = `${folder}/lease`;
    const argv = [paths.busybox, "udhcpc", "-f", "-q", "-i", name, "-s", paths.dhcpScript];
    // More requests than there is time for: the time limit is what ends it.
    argv.push("-t", "10000", "-T", String(DHCP_RETRY));
    for (const option of ["hostname", "domain", "search", "mtu", "staticroutes"]) argv.push("-O", option);
    const { said } = await runCommand(argv, seconds, {
      STATELITE_BUSYBOX: paths.busybox,
      STATELITE_LEASE: file,
    });
    const text = readLeaseFile(file);
    return text === undefined
      ? { kind: "none", said: said.split("\n").at(-1) ?? "" }
      : { kind: "lease", variables: parseVariables(text) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readLeaseFile(file: string): string | undefined {
  try {
    if (statSync(file).size > MAX_LEASE_BYTES) return undefined;
    return readFileSync(file, "latin1");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readAddresses(): readonly AssignedAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address, cidr, internal, scopeid }) => {
      if (internal || cidr === null || (scopeid !== undefined && scopeid !== 0)) return [];
      return [{ interface: name, address, prefix: Number(cidr.split("/")[1]) }];
    }),
  );
}

/** Address flags of linux/if_addr.h, as /proc/net/if_inet6 has them. */
const IFA_F = { DADFAILED: 0x08, TENTATIVE: 0x40 };

function readIpv6State(name: string, address: string): "tentative" | "duplicate" | "usable" {
  const digits = ipv6Groups(address)
    ?.map((group) => group.toString(16).padStart(4, "0"))
    .join("");
  for (const line of readFileSync("/proc/net/if_inet6", "latin1").split("\n")) {
    const [number, , , , flags = "0", device] = line.trim().split(/\s+/);
    if (number !== digits || device !== name) continue;
    const bits = Number.parseInt(flags, 16);
    if ((bits & IFA_F.DADFAILED) !== 0) return "duplicate";
    return (bits & IFA_F.TENTATIVE) !== 0 ? "tentative" : "usable";
  }
  // The kernel lists an address from the moment it is added.
  return "duplicate";
}
