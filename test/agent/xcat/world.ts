import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import { BootError, type Problem } from "../../../agent/errors.ts";
import { BootLog } from "../../../agent/log.ts";
import type { QueryRequest } from "../../../agent/xcat/client.ts";
import type { QueryWorld } from "../../../agent/xcat/told.ts";

/** A world whose time passes only while the client pauses. */
export class World implements QueryWorld {
  readonly pauses: number[] = [];
  readonly lines: string[] = [];
  readonly log = new BootLog({ console: (line) => this.lines.push(line), now: () => 0, verbose: false });
  readonly clock = {
    now: () => this.pauses.reduce((sum, pause) => sum + pause, 0),
    sleep: (pause: number) => {
      this.pauses.push(pause);
      return Promise.resolve();
    },
  };
  names: Record<string, readonly string[]> = {};
  reverse = (address: string): Promise<string | undefined> => Promise.resolve(`name-of-${address}`);

  random(): number {
    return 0.5;
  }

  resolve(host: string): Promise<readonly string[]> {
    const addresses = this.names[host];
    return addresses ? Promise.resolve(addresses) : Promise.reject(new Error("NXDOMAIN"));
  }
}

/** A request whose time never runs out by itself, to servers that prove themselves by this CA. */
export const requestBy =
  (ca: string) =>
  (servers: readonly ServerAddress[], more: Partial<QueryRequest> = {}): QueryRequest => ({
    servers,
    trust: { mode: "verify", ca },
    within: 60_000,
    times: { connect: 20_000, silence: 20_000, total: 20_000 },
    ...more,
  });

/** What a BootError says; anything else is one of the test. */
export async function problemsOf(work: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BootError)) throw new Error(`failed otherwise: ${error}`);
  return error.problems;
}
