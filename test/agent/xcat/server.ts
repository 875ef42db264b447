import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Endpoint } from "../../../agent/xcat/endpoint.ts";
import type { KeyPair } from "./certificates.ts";

/** What a server does with a connection once a line has come in; `count` is how many came before. */
export type Behaviour = (socket: Socket, request: string, count: number) => void;

/** A real server on loopback; `await using` closes it and every connection. */
export interface TestServer extends AsyncDisposable {
  readonly endpoint: Endpoint;
  /** The requests as they came, in order. */
  readonly requests: readonly string[];
  /** Ends when no connection is open any more. */
  idle(): Promise<void>;
}

/** A TLS server that behaves as told; like xcatd it asks for a client certificate and does without. */
export async function serveTls(pair: KeyPair, behave: Behaviour): Promise<TestServer> {
  const requests: string[] = [];
  const options = { ...pair, requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2" as const };
  const server = createTlsServer(options, (socket) => {
    let line = "";
    socket.on("data", (chunk) => {
      line += chunk.toString("latin1");
      if (!line.endsWith("\n")) return;
      requests.push(line);
      behave(socket, line, requests.length - 1);
      line = "";
    });
  });
  server.on("tlsClientError", () => {}); // a client that refuses the certificate is what some tests want
  return await listen(server, requests);
}

/** A server that knows nothing of TLS. */
export async function servePlain(behave: (socket: Socket) => void): Promise<TestServer> {
  return await listen(createPlainServer(behave), []);
}

async function listen(server: Server, requests: readonly string[]): Promise<TestServer> {
  const open = new Set<Socket>();
  const waiting: (() => void)[] = [];
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => {}); // the other end left
    socket.on("close", () => {
      open.delete(socket);
      if (open.size === 0) for (const done of waiting.splice(0)) done();
    });
  });
  server.on("secureConnection", (socket: Socket) => socket.on("error", () => {}));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    endpoint: { host: "127.0.0.1", address: "127.0.0.1", port: address.port },
    requests,
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done))),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
