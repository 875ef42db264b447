import type { ServerAddress } from "../cmdline/options.ts";
import { isIPv4, isIPv6 } from "../cmdline/values.ts";
import type { Log } from "../log.ts";
import { causeOf } from "../problems.ts";
import { Attempts } from "./attempts.ts";
import { backoff } from "./backoff.ts";
import { type Endpoint, formatEndpoint, formatUrl } from "./endpoint.ts";
import { QueryFailure } from "./failure.ts";

/** Time, so that a test need not wait for it. Milliseconds of a clock that never goes back. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** The addresses of a host name; rejects, or gives none, where it has none. Keeps a time limit of its own. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** What asking needs of the world. */
export interface RoundsWorld {
  resolve: Lookup;
  readonly clock: Clock;
  /** [0, 1), as Math.random. */
  random(): number;
  readonly log: Log;
}

/** Milliseconds. With less another try would end for that alone, and the message would say no more than that. */
const WORTH_ANOTHER = 1000;

/** Asks one endpoint of a server; rejects with {@link QueryFailure}. `within` is in milliseconds. */
export type Ask<T> = (server: ServerAddress, endpoint: Endpoint, within: number) => Promise<T>;

/**
 * Asks every address of every server in order, then all of them again after a pause, until one answers, the time is
 * up, or each has failed as often as its kind of failure allows (failure.ts). Rejects with a BootError that holds
 * each one's last cause. `within` is in milliseconds.
 */
export async function askInTurn<T>(
  doing: string,
  { servers, within }: { readonly servers: readonly ServerAddress[]; readonly within: number },
  world: RoundsWorld,
  ask: Ask<T>,
): Promise<T> {
  const { clock, log, random } = world;
  const started = clock.now();
  const left = () => within - (clock.now() - started);
  const attempts = new Attempts(doing, log, clock);

  for (let round = 0; ; round++) {
    for (const [index, server] of servers.entries()) {
      const endpoints = await findEndpoints(server, attempts, world);
      for (const endpoint of endpoints) {
        const place = formatPlace(server, endpoint);
        if (attempts.spent(place) || attempts.wait(place) > 0 || left() <= 0) continue;
        // A server that keeps silent leaves the ones behind it their share of the time.
        const share = left() / (servers.length - index);
        if (share < WORTH_ANOTHER && attempts.failed(place)) continue;
        const answer = await attempts.make(place, () => ask(server, endpoint, share));
        if (answer !== undefined) return answer;
      }
    }
    // A server that wants to be left alone is; the random part keeps those apart whom it told the same.
    const pause = attempts.shortestWait() + backoff(round, random);
    if (attempts.over || pause >= left()) throw attempts.giveUp(clock.now() - started);
    log.detail(`${doing}: again in ${(pause / 1000).toFixed(1)} s`);
    await clock.sleep(pause);
  }
}

function formatPlace(server: ServerAddress, endpoint: Endpoint): string {
  return server.protocol === "json" ? formatUrl(server.url, endpoint) : formatEndpoint(endpoint);
}

/** Where a server is; none where that cannot be found out, which is then one of the attempts. */
async function findEndpoints(
  server: ServerAddress,
  attempts: Attempts,
  world: RoundsWorld,
): Promise<readonly Endpoint[]> {
  const place = server.protocol === "json" ? server.url : `${server.host}:${server.port}`;
  const endpoints = await attempts.make(place, () => endpointsOf(server, (host) => world.resolve(host)));
  if (endpoints === undefined) return [];
  // Where the host is an address, the place of the lookup and that of the server are one.
  if (endpoints.some(({ host, address }) => host !== address)) attempts.forget(place);
  return endpoints;
}

/** Every address of a server. Rejects with {@link QueryFailure}. */
export async function endpointsOf(server: ServerAddress, resolve: Lookup): Promise<readonly Endpoint[]> {
  const { host, port } = server.protocol === "json" ? hostOfUrl(server.url) : server;
  if (isIPv4(host) || isIPv6(host)) return [{ host, port, address: host }];
  const addresses = await lookUp(host, resolve);
  return addresses.map((address) => ({ host, port, address }));
}

/** A host without brackets. */
function hostOfUrl(text: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(text);
  const usual = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: port === "" ? usual : Number(port) };
}

async function lookUp(host: string, resolve: Lookup): Promise<readonly string[]> {
  const remedy = `see that the name servers of the DHCP answer know ${host}, or write its address in noderes.xcatmaster; statelite.dns_timeout= gives slow ones more time`;
  const addresses = await resolve(host).catch((cause: unknown) => {
    const { found } = causeOf(cause);
    throw new QueryFailure("resolve", `the name ${host} cannot be looked up: ${found}`, remedy, { cause });
  });
  if (addresses.length === 0) throw new QueryFailure("resolve", `the name ${host} has no address`, remedy);
  return addresses;
}
