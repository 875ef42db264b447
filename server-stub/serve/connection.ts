import type { TLSSocket } from "node:tls";
import type { CommandRunner } from "../../agent/rows/litetree.ts";
import { type Identity, identify, type NameSource } from "../identity/identify.ts";
import { MalformedRequest, readRequest } from "../protocol/request.ts";
import type { TableSource } from "../tables/source.ts";
import { answer } from "./answers.ts";
import type { ConnectionLog } from "./limited-log.ts";
import { send } from "./send.ts";

/** Requests are a hundred bytes; one with a long noderange still fits. */
const maxRequestBytes = 64 * 1024;

export interface ServeContext {
  readonly tables: TableSource;
  readonly names: readonly NameSource[];
  /** Short host name, for `<xcatdsource>`. */
  readonly server: string;
  readonly runCommand: CommandRunner;
  readonly log: ConnectionLog;
  /** From the end of the handshake to the end of the request. */
  readonly requestSeconds: number;
}

/**
 * One connection on xcatd's port: one request, its answer, the end. Where a real xcatd would hang (no newline,
 * no XML) or keep the connection open, it is closed without a byte.
 */
export async function serveConnection(socket: TLSSocket, context: ServeContext): Promise<void> {
  const started = performance.now();
  const address = socket.remoteAddress ?? "unknown address";
  const took = (): string => `${Math.round(performance.now() - started)} ms`;
  const certificate = certificateName(socket);
  if (certificate.untrusted !== undefined) {
    context.log.complaint("client certificate refused", address, certificate.untrusted);
    socket.destroy();
    return;
  }
  const received = await receive(socket, context.requestSeconds);
  if (received.text === undefined) {
    context.log.complaint(received.why, address, `${received.length} bytes, ${took()}`);
    socket.destroySoon();
    return;
  }
  const set = context.tables.current();
  const identity = await identify(set, address, context.names);
  const who = describe(identity, certificate.name);
  try {
    const request = readRequest(received.text);
    const asker =
      certificate.name === undefined ? identity : { ...identity, certificateName: certificate.name };
    const { text, summary, refused } = await answer({ ...context, set, asker }, request);
    const range = request.noderange === undefined ? "" : ` ${request.noderange.slice(0, 80)}`;
    const asked = `${request.command.slice(0, 80)}${range}`;
    const sent = await send(socket, [Buffer.from(text, "latin1")]);
    if (refused) context.log.complaint("refused", who, `${asked}: ${summary}, ${took()}`);
    else if (!sent) context.log.complaint("left before the end of the answer", who, `${asked}, ${took()}`);
    else context.log.line(`${who}: ${asked}: ${summary}, ${took()}`);
  } catch (error) {
    if (!(error instanceof MalformedRequest)) throw error;
    context.log.complaint("malformed request", who, error.message);
    socket.destroySoon();
  }
}

function describe(identity: Identity, certificateName: string | undefined): string {
  const node =
    identity.node ?? (identity.host === identity.address ? "no name" : `${identity.host}, no node`);
  return `${identity.address} (${node}${certificateName === undefined ? "" : `, certificate ${certificateName}`})`;
}

/** A certificate is asked for and optional; one that the CA did not sign ends the connection. */
export function certificateName(socket: TLSSocket): { readonly name?: string; readonly untrusted?: string } {
  const subject = socket.getPeerCertificate()?.subject;
  if (subject === undefined) return {};
  if (!socket.authorized) return { untrusted: String(socket.authorizationError ?? "not signed by the CA") };
  const name = subject.CN;
  return name === undefined ? {} : { name: Array.isArray(name) ? (name[0] ?? "") : name };
}

type Received =
  | { readonly text: string }
  | { readonly text?: undefined; readonly why: string; readonly length: number };

const requestEnd = /<\/xcatrequest\s*>\s*\n/;

/** The bytes up to `</xcatrequest>` and a newline, or up to the client's half-close. What comes behind is not looked at. */
function receive(socket: TLSSocket, seconds: number): Promise<Received> {
  return new Promise((resolve) => {
    const pieces: string[] = [];
    let length = 0;
    let begun = false;
    let tail = ""; // Enough of the end to see the end, so that a byte at a time costs no more than all at once.
    const timer = setTimeout(() => done({ why: `no whole request in ${seconds} s`, length }), seconds * 1000);
    const done = (received: Received): void => {
      clearTimeout(timer);
      socket.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(received);
    };
    const onData = (bytes: Buffer): void => {
      const piece = bytes.toString("latin1");
      pieces.push(piece);
      length += piece.length;
      const window = tail + piece;
      const end = requestEnd.exec(window);
      tail = window.slice(-64);
      const first = begun ? "<" : (/\S/.exec(piece)?.[0] ?? "");
      begun ||= first === "<";
      if (length > maxRequestBytes) done({ why: `a request of over ${maxRequestBytes} bytes`, length });
      else if (first !== "" && first !== "<") done({ why: "a request that is not XML", length });
      else if (end !== null) {
        const behind = window.length - end.index - end[0].length;
        done({ text: pieces.join("").slice(0, length - behind) });
      }
    };
    const onEnd = (): void => done(begun ? { text: pieces.join("") } : { why: "no request", length });
    const onClose = (): void => done({ why: "left without a request", length });
    socket.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}
