import type { NetworkOptions, Settings } from "../cmdline/options.ts";
import { Progress } from "../progress.ts";
import {
  candidates,
  firstWithLink,
  type Interface,
  planRenames,
  type Wanted,
  wantedInterface,
} from "./interfaces.ts";
import { noInterface, noLink, notRenamed, notThatInterface } from "./problems.ts";
import type { NetworkSystem } from "./system.ts";

/** How often the interfaces are looked at, in milliseconds. */
const LOOK = 50;

/** How long an interface earlier in the order may come up later than the first that has link. */
const PATIENCE = 1000;

/**
 * Gives the interfaces the names that `ifname=` wants, sets the candidates up, and waits until the one to boot over
 * has link. Hardware may appear late, so all of it is looked at again until then. Those that were set up in vain
 * are set down again.
 * @throws BootError `network-interface` or `network-link` after `linkTimeout` seconds.
 */
export async function chooseInterface(
  options: NetworkOptions,
  settings: Pick<Settings, "linkTimeout">,
  system: NetworkSystem,
): Promise<Interface> {
  const wanted = wantedInterface(options);
  const end = system.now() + settings.linkTimeout * 1000;
  const raised = new Set<string>();
  const refused = new Map<string, string>();
  let patienceEnd: number | undefined;
  const progress = Progress.ofWait(system.log, system.now);
  for (;;) {
    await rename(options.rename, system);
    const tried = candidates(wanted, system.interfaces());
    await raise(tried, raised, refused, system);
    if (tried.some((i) => i.carrier)) patienceEnd ??= Math.min(system.now() + PATIENCE, end);
    const chosen = firstWithLink(tried, patienceEnd === undefined || system.now() < patienceEnd);
    if (chosen !== undefined) {
      tellMissing(options.rename, system);
      await lower(
        [...raised].filter((name) => name !== chosen.name),
        system,
      );
      return chosen;
    }
    if (system.now() >= end) throw nothingFound(wanted, tried, [...refused.values()], settings, system);
    progress.tell(() => stillWaiting(wanted, tried, end, system));
    await system.sleep(LOOK);
  }
}

/** Waits until this one interface has link (again). @throws BootError `network-link` */
export async function waitForLink(
  name: string,
  settings: Pick<Settings, "linkTimeout">,
  system: NetworkSystem,
): Promise<Interface> {
  const wanted: Wanted = { kind: "name", name, why: name };
  const end = system.now() + settings.linkTimeout * 1000;
  const progress = Progress.ofWait(system.log, system.now);
  for (;;) {
    const found = candidates(wanted, system.interfaces());
    const [first] = found;
    if (first?.carrier === true) return first;
    if (system.now() >= end) throw nothingFound(wanted, found, [], settings, system);
    progress.tell(() => stillWaiting(wanted, found, end, system));
    await system.sleep(LOOK);
  }
}

function stillWaiting(
  wanted: Wanted,
  tried: readonly Interface[],
  end: number,
  system: NetworkSystem,
): string {
  const left = `waiting for another ${Math.round((end - system.now()) / 1000)} s`;
  const names = tried.map(({ name, mac }) => `${name} (${mac})`).join(", ");
  if (names !== "") return `network: no link on ${names} yet, is the cable in? ${left}`;
  const which = wanted.kind === "any" ? "no network interface" : `no interface that ${wanted.why} means`;
  return `network: ${which} yet; ${left}`;
}

/** An interface can only be renamed while it is down. */
async function rename(wanted: NetworkOptions["rename"], system: NetworkSystem): Promise<void> {
  if (wanted.length === 0) return;
  for (const { from, to } of planRenames(wanted, system.interfaces()).steps) {
    try {
      await system.ip(["link", "set", "dev", from, "down"]);
      await system.ip(["link", "set", "dev", from, "name", to]);
    } catch (error) {
      throw notRenamed(from, to, error instanceof Error ? error.message : String(error));
    }
    system.log.detail(`network: ${from} is now called ${to} (ifname=)`);
  }
}

function tellMissing(wanted: NetworkOptions["rename"], system: NetworkSystem): void {
  for (const { name, mac } of planRenames(wanted, system.interfaces()).missing) {
    system.log.say(`network: ifname=${name}:${mac} has no effect, no interface has that address`);
  }
}

/** Sets up what was not tried yet; an interface that refuses may be one that nobody needs. */
async function raise(
  interfaces: readonly Interface[],
  raised: Set<string>,
  refused: Map<string, string>,
  system: NetworkSystem,
): Promise<void> {
  for (const { name, up } of interfaces) {
    if (up || raised.has(name) || refused.has(name)) continue;
    try {
      await system.ip(["link", "set", "dev", name, "up"]);
      raised.add(name);
    } catch (error) {
      refused.set(name, error instanceof Error ? error.message : String(error));
    }
  }
}

async function lower(names: readonly string[], system: NetworkSystem): Promise<void> {
  for (const name of names) {
    try {
      await system.ip(["link", "set", "dev", name, "down"]);
    } catch (error) {
      // It only costs the real system a surprise, if that.
      system.log.detail(`network: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function nothingFound(
  wanted: Wanted,
  tried: readonly Interface[],
  refused: readonly string[],
  settings: Pick<Settings, "linkTimeout">,
  system: NetworkSystem,
): Error {
  const present = system.interfaces();
  if (tried.length > 0) return noLink(wanted, tried, refused, settings.linkTimeout);
  return present.length > 0
    ? notThatInterface(wanted, present, settings.linkTimeout)
    : noInterface(wanted, system.pciNetworkDevices(), settings.linkTimeout);
}
