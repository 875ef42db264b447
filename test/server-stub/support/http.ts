import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { TestServer } from "./server.ts";

/** An answer taken apart by hand: what a client library thinks of it does not come into it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The address of loopback that asks. */
  readonly source?: string;
  /** Certificate and key `NAME.pem`, `NAME.key` of the server's directory. */
  readonly certificate?: string;
  readonly plain?: boolean;
}

/** One request, sent and answered as bytes. */
export async function http(server: TestServer, path: string, options: HttpOptions = {}): Promise<RawAnswer> {
  const { method = "GET", headers = {}, body = "" } = options;
  const all = {
    Host: "xcatmn",
    ...(body !== "" && { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const [answer] = readAnswers(
    await talk(server, `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`, options),
  );
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

/** Sends bytes as they are and gives all that comes back. */
export async function talk(server: TestServer, bytes: string, options: HttpOptions = {}): Promise<string> {
  const socket = await openHttp(server, options);
  const text = collectText(socket);
  socket.write(bytes);
  return text;
}

export async function openHttp(server: TestServer, options: HttpOptions = {}): Promise<Socket> {
  const { source = "127.0.0.1", plain = false, certificate } = options;
  const file = (name: string) => Bun.file(join(server.directory, name)).text();
  const at = { host: server.host, localAddress: source };
  if (plain) {
    const socket = connectTcp({ ...at, port: server.plainPort });
    await opened(socket, "connect");
    return socket;
  }
  const client =
    certificate === undefined
      ? {}
      : { cert: await file(`${certificate}.pem`), key: await file(`${certificate}.key`) };
  const socket = connectTls({
    ...{ ...at, ...client, port: server.httpPort, ca: await file("ca.pem") },
    checkServerIdentity: () => undefined,
  } as Parameters<typeof connectTls>[0]);
  await opened(socket, "secureConnect");
  return socket;
}

function opened(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once("error", reject);
  });
}

/** UTF-8 text to the end of the connection, also an abrupt one. */
export function collectText(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => void pieces.push(bytes));
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => resolve(Buffer.concat(pieces).toString()));
  });
}

/** All answers of a connection, `100 Continue` and what follows it, for one. */
export function readAnswers(text: string): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) throw new Error(`half an answer: ${rest.slice(0, 200)}`);
    const [first = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    const body = status === 100 ? "" : rest.slice(end + 4);
    answers.push({ status, headers, body });
    rest = status === 100 ? rest.slice(end + 4) : "";
  }
  return answers;
}
