import { readFile } from "node:fs/promises";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from "node:tls";
import { fatal } from "../../agent/errors.ts";
import type { ServerLog } from "../log.ts";
import { type ServeContext, serveConnection } from "./connection.ts";

/** More clients than this at once are not nodes of one cluster booting, but something gone wrong. */
const maxConnections = 16_384;
const handshakeMilliseconds = 15_000;

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Signs the certificates of administrators; without it no client certificate is asked for. */
  readonly ca?: string;
}

/** A port that is being served. `address` is where, with the port that was chosen. */
export interface Listening {
  readonly address: string;
  /** Takes no more, and ends what is under way. */
  close(): Promise<void>;
}

/**
 * Serves xcatd's protocol on a TLS port.
 *
 * @throws BootError where files cannot be read or the address cannot be had
 */
export function listenXcatd(at: Address, files: TlsFiles, context: ServeContext): Promise<Listening> {
  return listenTls(at, files, context.log, (socket) => serveConnection(socket, context));
}

/**
 * Serves TLS connections, one handler for each.
 *
 * @throws BootError where files cannot be read or the address cannot be had
 */
export async function listenTls(
  at: Address,
  files: TlsFiles,
  log: ServerLog,
  handle: (socket: TLSSocket) => Promise<void>,
): Promise<Listening> {
  const [cert, key, ca] = await Promise.all([
    readPem(files.cert),
    readPem(files.key),
    files.ca && readPem(files.ca),
  ]);
  const server = tlsServer({
    cert,
    key,
    ...(ca === undefined || ca === "" ? {} : { ca: [ca], requestCert: true }),
    rejectUnauthorized: false, // A client without a certificate is welcome; connection.ts refuses a bad one.
    minVersion: "TLSv1.2",
    handshakeTimeout: handshakeMilliseconds,
    allowHalfOpen: true,
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => {}); // The client is gone; "close" follows and says so to whoever waits.
    handle(socket).catch((error: unknown) => {
      log.line(`${socket.remoteAddress}: ${error instanceof Error ? error.stack : String(error)}`);
      socket.destroy();
    });
  });
  server.on("tlsClientError", (error, socket) => {
    log.line(`${socket.remoteAddress ?? "unknown address"}: no TLS: ${error.message}`);
  });
  return listen(server, at, log);
}

function tlsServer(options: TlsOptions): TlsServer {
  try {
    return createTlsServer(options);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy =
      "check that --cert, --key and --ca are PEM files, and that the key is that of the certificate";
    throw fatal("server-files", { doing: "use the certificate", on: "TLS", found, remedy }, error);
  }
}

/** Serves plain TCP connections, one handler for each. */
export async function listenTcp(
  at: Address,
  log: ServerLog,
  handle: (socket: Socket) => Promise<void>,
): Promise<Listening> {
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {}); // As above.
    handle(socket).catch((error: unknown) => {
      log.line(`${socket.remoteAddress}: ${error instanceof Error ? error.stack : String(error)}`);
      socket.destroy();
    });
  });
  return listen(server, at, log);
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw fatal(
      "server-files",
      { doing: "read the certificate or key", on: path, found, remedy: "check --cert, --key and --ca" },
      error,
    );
  }
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
