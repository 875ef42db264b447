import { type Problem, printable } from "../errors.ts";

/** Whose a state directory is, and which machine boots on it. Pure: decisions from what was read there. */

/** Who boots. */
export interface Machine {
  readonly node: string;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly boot: string;
  /** MAC addresses, lower case with colons. */
  readonly addresses: readonly string[];
}

/** What `lease.json` holds: the last machine that booted on this state, and when by its own clock. */
export interface Lease extends Machine {
  readonly at: string;
}

/**
 * With `statelite.strict=1` a younger lease of another machine ends the boot. Nothing renews a lease once the node
 * runs, so an old one says nothing: a machine that was replaced must not keep the new one out.
 */
export const FRESH_SECONDS = 3600;

/** What is in a file that anybody could have written; undefined where it is no lease. */
export function readLease(json: unknown): Lease | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { node, boot, addresses, at } = json as Record<string, unknown>;
  if (typeof node !== "string" || typeof boot !== "string" || typeof at !== "string") return undefined;
  if (!Array.isArray(addresses)) return undefined;
  return { node, boot, at, addresses: addresses.filter((one) => typeof one === "string").slice(0, 64) };
}

/** A machine that crashed has the same addresses when it comes back, and its lease is its own. */
export function isOwn(lease: Lease, self: Machine): boolean {
  return lease.boot === self.boot || lease.addresses.some((address) => self.addresses.includes(address));
}

/**
 * @param age seconds between the two leases, by the server's clock
 * @returns a problem where another machine has the state
 */
export function judgeLease(
  found: Lease | undefined,
  self: Machine,
  age: number,
  on: string,
  strict: boolean,
): Problem | undefined {
  if (found === undefined || isOwn(found, self)) return undefined;
  const ends = strict && age < FRESH_SECONDS;
  const who = shown(found.addresses.join(", ") || "without an address");
  return {
    class: ends ? "fatal" : "note",
    code: "state-lease",
    doing: "take the node's state for this machine",
    on,
    found: `another machine (${who}) booted as ${shown(found.node)} ${describeAge(age)}; this one is ${self.addresses.join(", ") || "without an address"}`,
    remedy: ends
      ? `correct NODE= or the MAC address in the tables; where that machine was replaced, remove .statelite/lease.json there${orWait(age)}`
      : "where both run, correct NODE= or the MAC address in the tables of one of them: both write to the same files",
  };
}

/** @param json what `owner.json` holds @returns a problem where it is another node's */
export function judgeOwner(json: unknown, node: string, on: string): Problem | undefined {
  const owner =
    typeof json === "object" && json !== null ? (json as Record<string, unknown>)["node"] : undefined;
  if (typeof owner !== "string" || owner === node) return undefined;
  return {
    class: "fatal",
    code: "state-owner",
    doing: "take the node's state for this machine",
    on,
    found: `it is the state of the node ${shown(owner)}, not of ${node}`,
    remedy:
      "correct statemnt in the statelite table; where the node was renamed, remove .statelite/owner.json there",
  };
}

function shown(text: string): string {
  return printable(text.slice(0, 200));
}

/** By how much the server's clock may have been set back between two boots without a word about it. */
const CLOCK_SECONDS = 120;

function describeAge(seconds: number): string {
  if (seconds < -CLOCK_SECONDS) return "at a time that is yet to come by the file server's clock";
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s ago`;
  const [count, unit] = seconds < 172_800 ? [seconds / 60, "min"] : [seconds / 86_400, "days"];
  return `${Math.round(count)} ${unit} ago`;
}

/** A lease from the future does not grow old while somebody waits. */
function orWait(age: number): string {
  if (age < -CLOCK_SECONDS) return "";
  return `, or wait ${Math.ceil((FRESH_SECONDS - age) / 60)} minutes`;
}
