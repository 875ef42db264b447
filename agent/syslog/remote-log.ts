import { isIPv6 } from "node:net";
import type { BootLog } from "../log.ts";
import { chooseLine } from "./choose.ts";
import { formatSyslog, type SyslogLine } from "./message.ts";

/** RFC 5426. */
export const SYSLOG_PORT = 514;

/** Where and as whom lines are sent. */
export interface LogServer {
  readonly host: string;
  readonly port: number;
  /** The node's name, or its address. */
  readonly from: string;
  resolve(host: string): Promise<readonly string[]>;
}

/** Lines kept until there is a network; a boot has a few problems, or one problem many times. */
const MOST_WAITING = 500;

/** Datagrams in one go; more would overrun a receiver that is busy with a thousand other nodes. */
const BURST = 10;
const PAUSE_MS = 5;

/**
 * Lines for a log server by UDP. Nothing is ever waited for that the boot needs: what is said before there is a
 * network is kept, what cannot be sent is dropped, and that is said once.
 */
export class RemoteLog {
  readonly #log: BootLog;
  #waiting: SyslogLine[] = [];
  #dropped = 0;
  #sending: Promise<void> = Promise.resolve();
  #socket: Promise<Sink | undefined> | undefined;
  #server: LogServer | undefined;

  constructor(log: BootLog) {
    this.#log = log;
  }

  /** Whether there is a server to send to. */
  get used(): boolean {
    return this.#server !== undefined;
  }

  /**
   * From now on there is a network and a server: it gets what the log has so far, and what comes.
   * @param debug `xcatdebugmode`
   */
  start(server: LogServer, debug: 0 | 1 | 2): void {
    this.#server = server;
    this.#socket = this.#open(server);
    this.#log.follow((line) => {
      const chosen = chooseLine(line, debug);
      if (chosen !== undefined) this.add(chosen);
    });
    this.add(); // What waits already.
  }

  add(...lines: readonly SyslogLine[]): void {
    for (const line of lines) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(line);
      else this.#dropped++;
    }
    if (this.#socket !== undefined) this.#sending = this.#sending.then(() => this.#send());
  }

  /** Resolves once everything so far is sent or given up. Never rejects. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    const sink = await this.#socket;
    const [lines, dropped] = [this.#waiting, this.#dropped];
    [this.#waiting, this.#dropped] = [[], 0];
    if (sink === undefined) return;
    if (dropped > 0)
      lines.push({ severity: "warning", id: "-", text: `${dropped} more lines were left out` });
    for (const [index, line] of lines.entries()) {
      if (index > 0 && index % BURST === 0) await Bun.sleep(PAUSE_MS);
      sink.send(line);
    }
  }

  async #open({ host, port, from, resolve }: LogServer): Promise<Sink | undefined> {
    try {
      const [address] = await resolve(host);
      if (address === undefined) throw new Error("it has no address");
      const socket = await Bun.udpSocket({
        // Of the server's family: else Bun takes IPv4.
        hostname: isIPv6(address) ? "::" : "0.0.0.0",
        connect: { hostname: address, port },
        // Told by ICMP that nobody listens there. Without this it is an exception that nobody catches, and ends the boot.
        socket: { error: () => undefined },
      });
      socket.unref(); // Nobody waits for a log.
      return {
        send(line) {
          try {
            socket.send(formatSyslog(line, from, Date.now()));
          } catch {
            // Refused by the other end, or no route: the console and the log have the line.
          }
        },
      };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#log.detail(`LOGSERVER=${host} gets no lines: ${why}`);
      return undefined;
    }
  }
}

interface Sink {
  send(line: SyslogLine): void;
}
