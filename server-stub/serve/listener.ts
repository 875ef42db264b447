import { createServer, type Server, type Socket } from "node:net";
import { fatal } from "../../agent/errors.ts";
import { UnreadableTable } from "../../agent/rows/table.ts";
import { Crowd } from "./crowd.ts";
import type { ConnectionLog } from "./limited-log.ts";

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** A port that is being served. `address` is where, with the port that was chosen. */
export interface Listening {
  readonly address: string;
  /** Takes no more, and ends what is under way. */
  close(): Promise<void>;
}

/**
 * Serves plain TCP connections, one handler for each.
 *
 * @param pauseOnConnect whether the handler decides when the first byte is read
 * @throws BootError where the address cannot be had
 */
export async function listenTcp(
  at: Address,
  log: ConnectionLog,
  handle: (socket: Socket) => Promise<void>,
  pauseOnConnect = false,
): Promise<Listening> {
  const crowd = new Crowd();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect }, (socket) => {
    socket.on("error", () => {}); // The client is gone; "close" follows.
    const full = crowd.admit(socket);
    if (full !== undefined) {
      log.complaint("no room", socket.remoteAddress ?? "unknown address", full);
      socket.destroy();
      return;
    }
    handle(socket).catch((error: unknown) => {
      if (error instanceof UnreadableTable)
        log.complaint("cannot answer", socket.remoteAddress ?? "unknown address", error.message);
      else log.line(`${socket.remoteAddress}: ${error instanceof Error ? error.stack : String(error)}`);
      socket.destroy();
    });
  });
  const port = await listen(server, at);
  server.on("error", (error) => log.line(`listener: ${error.message}`));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      crowd.disperse();
    });
  return { address: formatAddress({ host: at.host, port }), close };
}

/** Gives the port that was chosen. */
async function listen(server: Server, at: Address): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: at.host, port: at.port, backlog: 4096 }, resolve);
    });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "choose another --listen or --monitor address, or end the program that has it";
    throw fatal("listen", { doing: "listen", on: formatAddress(at), found, remedy }, error);
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : at.port;
}

/** `HOST:PORT`, an IPv6 address in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
