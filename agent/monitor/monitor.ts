import type { BootOptions, ServerAddress } from "../cmdline/options.ts";
import { DeadlineError, withDeadline } from "../concurrency.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import type { Names } from "../state.ts";
import { sendStatus } from "./exchange.ts";

/** What a node says of itself, in `nodelist.status` of the server; the words are xCAT's. */
export type NodeStatus = "netbooting" | "booting" | "failed";

/** Where statuses go, once there is a network. */
interface MonitorTarget {
  /** In the order they are tried. */
  readonly servers: readonly ServerAddress[];
  /** `XCATIPORT`. */
  readonly port: number;
  readonly names: Pick<Names, "lookup">;
}

/** Milliseconds for {@link Monitor.settle}: before the hand-over, which would cut the exchange off, and after a failure. */
export const MONITOR_GRACE = { handOver: 1000, failure: 3000 } as const;

/** For one status, all servers together: xcatd's monitor is one process that serves one node at a time. */
const WITHIN_MS = 3000;

/**
 * Tells the servers' install monitor how far this boot is. Nothing waits for it and nothing fails by it: a status
 * that could not be told is a line in the log. Statuses arrive in the order in which they were told.
 */
export class Monitor {
  readonly #log: Log;
  readonly #within: number;
  #target: MonitorTarget | undefined;
  #told: Promise<void> = Promise.resolve();
  #waiting: NodeStatus[] = [];

  /** @param within milliseconds for each status */
  constructor(log: Log, within = WITHIN_MS) {
    this.#log = log;
    this.#within = within;
  }

  /** From here on statuses are sent; before there is a network, and with `nonodestatus`, they are not. */
  begin(
    { servers, monitorPort: port }: Pick<BootOptions, "servers" | "monitorPort">,
    names: Pick<Names, "lookup">,
  ): void {
    if (port !== undefined) this.#target = { servers, port, names };
  }

  tell(status: NodeStatus): void {
    const target = this.#target;
    if (target === undefined) return;
    this.#waiting.push(status);
    this.#told = this.#told
      .then(() => this.#send(status, target))
      .finally(() => {
        this.#waiting.shift();
      });
  }

  /** Waits until all is told, but not for longer than so many milliseconds. */
  async settle(milliseconds: number): Promise<void> {
    if (this.#waiting.length === 0) return;
    try {
      await withDeadline(this.#told, milliseconds, "install monitor");
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      this.#log.say(`install monitor: no answer yet to ${this.#waiting.join(", ")}; nobody waits for it`);
    }
  }

  /** Never rejects. */
  async #send(status: NodeStatus, { servers, port, names }: MonitorTarget): Promise<void> {
    const end = performance.now() + this.#within;
    const failures: string[] = [];
    for (const [index, server] of servers.entries()) {
      // A server that says nothing leaves the others their share.
      const share = (end - performance.now()) / (servers.length - index);
      const host = hostOf(server);
      try {
        await sendTo(host, port, status, names, share);
        this.#log.detail(`install monitor: ${host}:${port} knows: ${status}`);
        return;
      } catch (error) {
        failures.push(`${host}:${port}: ${errorReason(error)}`);
      }
    }
    this.#log.say(`install monitor: could not be told ${status}: ${failures.join("; ")}`);
  }
}

/** @param within milliseconds, the search for the address included */
async function sendTo(
  host: string,
  port: number,
  status: NodeStatus,
  names: Pick<Names, "lookup">,
  within: number,
): Promise<void> {
  const began = performance.now();
  const [address] = await withDeadline(names.lookup(host), within, "look for its address");
  if (address === undefined) throw new Error("it has no address");
  await sendStatus(address, port, status, Math.max(1, within - (performance.now() - began)));
}

function hostOf(server: ServerAddress): string {
  return server.protocol === "xcatd" ? server.host : new URL(server.url).hostname.replace(/^\[(.*)\]$/, "$1");
}
