import { createServer, type Server, type Socket } from "node:net";
import { fatal } from "../../agent/errors.ts";
import type { ServerLog } from "../log.ts";

/** More clients than this at once are not nodes of one cluster booting, but something gone wrong. */
const maxConnections = 16_384;

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
  log: ServerLog,
  handle: (socket: Socket) => Promise<void>,
  pauseOnConnect = false,
): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect }, (socket) => {
    socket.on("error", () => {}); // The client is gone; "close" follows.
    handle(socket).catch((error: unknown) => {
      log.line(`${socket.remoteAddress}: ${error instanceof Error ? error.stack : String(error)}`);
      socket.destroy();
    });
  });
  return listen(server, at, log);
}

async function listen(server: Server, at: Address, log: ServerLog): Promise<Listening> {
  const open = new Set<Socket>();
  server.maxConnections = maxConnections;
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
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
  server.on("error", (error) => log.line(`listener: ${error.message}`));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : at.port;
  return {
    address: formatAddress({ host: at.host, port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
