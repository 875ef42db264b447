import { describe, expect, test } from "bun:test";
import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import { defaultSettings } from "../../../agent/cmdline/settings.ts";
import type { Log } from "../../../agent/log.ts";
import { QueryFailure } from "../../../agent/xcat/failure.ts";
import { askInTurn } from "../../../agent/xcat/rounds.ts";
import { seeded, VirtualTime } from "./virtual-time.ts";

/**
 * Ten thousand nodes are switched on, and the server is away for a minute. The agents' part is the agent's own code;
 * time and the server are made up.
 */

const AGENTS = 10_000;
/** The power of the whole room comes back: the worst case, as nothing but dice keeps nodes apart. */
const SWITCHED_ON_WITHIN = 1000;
const BACK_AT = 60_000;

interface Server {
  /** Answers a second. */
  readonly rate: number;
  /** Requests that it takes on at the same time. */
  readonly room: number;
  /** What it says to who finds no room: `Retry-After` in milliseconds, or nothing but a closed door. */
  refuse(random: () => number): QueryFailure;
}

/** As statelite-server does: 503, and a time to come again. */
const speaksJson: Server = {
  ...{ rate: 200, room: 256 },
  refuse: (random) => new QueryFailure("busy", "busy", "", { wait: 1000 * (1 + Math.floor(random() * 4)) }),
};

/** As xcatd does: so many connections (site.xcatmaxconnections), and no word to the others. */
const speaksXcatd: Server = {
  ...{ rate: 200, room: 64 },
  refuse: () => new QueryFailure("closed", "closed", ""),
};

interface Storm {
  /** Requests that came in each second, the first ones included. */
  readonly arrivals: readonly number[];
  /** Milliseconds after the start at which each node had its answer. */
  readonly served: readonly number[];
  readonly gaveUp: number;
}

const silent: Log = { say: () => {}, detail: () => {}, problem: () => {} };
const address: ServerAddress = { protocol: "xcatd", host: "10.0.0.1", port: 3001 };

/** @param jitter what the agents draw; the server has dice of its own */
async function storm(server: Server, seed: number, jitter: () => number): Promise<Storm> {
  const clock = new VirtualTime();
  const dice = seeded(seed);
  const arrivals: number[] = [];
  const served: number[] = [];
  let inside = 0;
  /** When the server is done with all that it has taken on. */
  let free = BACK_AT;
  let gaveUp = 0;

  const ask = async (): Promise<true> => {
    const second = Math.floor(clock.now() / 1000);
    arrivals[second] = (arrivals[second] ?? 0) + 1;
    if (clock.now() < BACK_AT) throw new QueryFailure("unreachable", "refused", "");
    if (inside >= server.room) throw server.refuse(dice);
    inside++;
    free = Math.max(free, clock.now()) + 1000 / server.rate;
    await clock.sleep(free - clock.now());
    inside--;
    served.push(clock.now());
    return true;
  };
  const world = { clock, random: jitter, log: silent, resolve: () => Promise.resolve([]) };
  const within = defaultSettings().queryTimeout * 1000;
  const boot = async (): Promise<void> => {
    await clock.sleep(dice() * SWITCHED_ON_WITHIN);
    await askInTurn("ask", { servers: [address], within }, world, ask).catch(() => {
      gaveUp++;
    });
  };
  await clock.until(Promise.all(Array.from({ length: AGENTS }, boot)));
  return { arrivals: Array.from(arrivals, (count) => count ?? 0), served, gaveUp };
}

/** The most requests that came in one second once the server was back. */
const peak = ({ arrivals }: Storm): number => Math.max(...arrivals.slice(BACK_AT / 1000));

describe.each([
  ["JSON", speaksJson],
  ["xcatd's protocol", speaksXcatd],
] as const)(
  "10,000 agents, a server of %s that is away for 60 s and then answers 200 a second",
  (_, server) => {
    test.each([1, 2])(
      "all are served within 90 s of its return, and there is no herd (seed %d)",
      async (seed) => {
        const passed = await storm(server, seed, seeded(seed + 1000));
        expect(passed.gaveUp).toBe(0);
        expect(passed.served).toHaveLength(AGENTS);
        expect(Math.max(...passed.served) - BACK_AT).toBeLessThan(90_000);
        // With bounds of 15 s, the half of which is the mean, 1,333 a second are to be expected.
        expect(peak(passed)).toBeLessThan(1600);
        // And the server was never left without work while there was some: 50 s are the least.
        expect(Math.max(...passed.served) - BACK_AT).toBeGreaterThan(49_000);
      },
    );

    test("without dice they would come all at once", async () => {
      expect(peak(await storm(server, 1, () => 0.999))).toBeGreaterThan(5000);
    });
  },
);
