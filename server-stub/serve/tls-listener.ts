import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import { fatal } from "../../agent/errors.ts";
import { type ServeContext, serveConnection } from "./connection.ts";
import type { ConnectionLog } from "./limited-log.ts";
import { type Address, type Listening, listenTcp } from "./listener.ts";
import { Turnstile } from "./turnstile.ts";

/** From the connection to the end of the handshake; the wait of a storm is part of it. */
const handshakeMilliseconds = 15_000;

/** One for all ports: what it looks after is the event loop, and there is one. */
const turnstile = new Turnstile();

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Signs the certificates of administrators; without it no client certificate is asked for. */
  readonly ca?: string;
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
 * Serves TLS connections, one handler for each, in the order in which they came.
 *
 * @throws BootError where files cannot be read or the address cannot be had
 */
export async function listenTls(
  at: Address,
  files: TlsFiles,
  log: ConnectionLog,
  handle: (socket: TLSSocket) => Promise<void>,
): Promise<Listening> {
  const options = await tlsOptions(files);
  const serve = async (socket: Socket): Promise<void> => {
    const secure = await new Promise<TLSSocket | undefined>((resolve) => {
      turnstile.enter(() => void shakeHands(socket, options, log).then(resolve));
    });
    if (secure !== undefined) await handle(secure);
  };
  return listenTcp(at, log, serve, true);
}

type TlsOptions = Awaited<ReturnType<typeof tlsOptions>>;

async function tlsOptions(files: TlsFiles) {
  const [cert, key, ca] = await Promise.all([
    readPem(files.cert),
    readPem(files.key),
    files.ca && readPem(files.ca),
  ]);
  const clients = ca === undefined || ca === "" ? {} : { ca: [ca], requestCert: true };
  try {
    const secureContext = createSecureContext({ cert, key, ...clients, minVersion: "TLSv1.2" });
    // A client without a certificate is welcome; connection.ts refuses a bad one.
    return { secureContext, ...clients, rejectUnauthorized: false, isServer: true, allowHalfOpen: true };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy =
      "check that --cert, --key and --ca are PEM files, and that the key is that of the certificate";
    throw fatal("server-files", { doing: "use the certificate", on: "TLS", found, remedy }, error);
  }
}

/** The server's part of the handshake; undefined, and the connection gone, where the client does not do its part. */
function shakeHands(socket: Socket, options: TlsOptions, log: ConnectionLog): Promise<TLSSocket | undefined> {
  return new Promise((resolve) => {
    const address = socket.remoteAddress ?? "unknown address";
    if (socket.destroyed) {
      log.complaint("no TLS", address, "left");
      resolve(undefined);
      return;
    }
    const secure = new TLSSocket(socket, options);
    const fail = (why: string): void => {
      clearTimeout(timer);
      secure
        .off("error", onError)
        .off("close", onClose)
        .on("error", () => {});
      log.complaint("no TLS", address, why);
      secure.destroy();
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(() => fail(`not in ${handshakeMilliseconds / 1000} s`), handshakeMilliseconds);
    const onError = (error: Error): void => fail(error.message);
    const onClose = (): void => fail("left");
    secure.once("error", onError).once("close", onClose);
    secure.once("secure", () => {
      clearTimeout(timer);
      secure.off("error", onError).off("close", onClose);
      secure.on("error", () => {}); // The client is gone; "close" follows and says so to whoever waits.
      resolve(secure);
    });
  });
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
