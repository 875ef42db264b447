import { run } from "../command.ts";
import { BenchError } from "../problem.ts";
import type { Place } from "./place.ts";

/** A node as the network knows it. */
export interface NodeAddress {
  /** Short host name. */
  readonly name: string;
  /** Lower case, with colons. */
  readonly mac: string;
  /** Dotted quad, without a prefix length. */
  readonly address: string;
}

/** The management node's short name: what its certificate says. */
export const MANAGEMENT_NODE = "mn";
export const DOMAIN = "cluster.test";
/** The management node on the bridge. */
export const SERVER_ADDRESS = "10.0.0.1";
/** The same seen from a guest on QEMU's user network. */
export const USER_SERVER_ADDRESS = "10.0.2.2";
/** One prefix for all nodes: 10.0.0.0/24. */
export const PREFIX = 24;

/** The n-th node, from 1: n01 at 10.0.0.11, n02 at 10.0.0.12 and so on, up to 99. */
export function nodeAddress(index: number): NodeAddress {
  const digits = String(index).padStart(2, "0");
  const octet = (10 + index).toString(16).padStart(2, "0");
  return { name: `n${digits}`, mac: `52:54:00:00:00:${octet}`, address: `10.0.0.${10 + index}` };
}

/** In the form of /etc/hosts (hosts(5)): full name first, then the short one. */
export function hostsFile(entries: readonly { readonly name: string; readonly address: string }[]): string {
  return entries.map((e) => `${e.address}\t${e.name}.${DOMAIN} ${e.name}\n`).join("");
}

/** The tap that belongs to a node; at most 15 characters. */
export function tapOf(node: NodeAddress): string {
  return `tap-${node.name}`;
}

/** A bridge with the management node's address on it, and a tap for each node. */
export async function buildBridge(place: Place, nodes: readonly NodeAddress[]): Promise<void> {
  const steps = [
    "ip link add br0 type bridge stp_state 0 forward_delay 0",
    `ip address add ${SERVER_ADDRESS}/${PREFIX} dev br0`,
    "ip link set br0 up",
    ...nodes.flatMap((node) => [
      `ip tuntap add dev ${tapOf(node)} mode tap`,
      `ip link set ${tapOf(node)} master br0 up`,
    ]),
  ];
  const shell = place.spawn(["sh", "-e", "-c", steps.join("\n")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const code = await shell.process.exited;
  if (code === 0) return;
  const stderr = shell.process.stderr;
  throw new BenchError({
    doing: "build the bench's bridge and taps",
    on: steps.join("; "),
    found:
      stderr instanceof ReadableStream ? (await new Response(stderr).text()).trim() : `exit status ${code}`,
    remedy: "modprobe tun bridge on the host; or ask for the bench's user network",
  });
}

/** Whether bridges and taps can be made here at all: tried, not guessed. */
export async function canBuildBridge(): Promise<boolean> {
  const trial =
    "ip link add br0 type bridge && ip tuntap add dev tap-trial mode tap && ip link set tap-trial master br0";
  try {
    await run(
      ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", trial],
      {
        seconds: 10,
      },
    );
    return true;
  } catch {
    return false; // The caller falls back to user networking, and says so.
  }
}
