import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { UnreadableTable } from "../../agent/rows/table.ts";
import { certificateName } from "../serve/connection.ts";
import { send } from "../serve/send.ts";
import { type HttpAnswer, problem, writeAnswer } from "./answer.ts";
import type { HttpContext } from "./context.ts";
import { BadRequest, type RequestHead } from "./head.ts";
import { REPORT_BYTES } from "./report.ts";
import { RequestReader } from "./request-reader.ts";
import { findRoute } from "./routes.ts";

/**
 * One connection of the HTTP side: one request, its answer, the end. A node asks once in a boot, so there is nothing
 * to keep a connection for.
 */
export async function serveHttp(socket: Socket, context: HttpContext): Promise<void> {
  const started = performance.now();
  const address = socket.remoteAddress ?? "unknown address";
  const took = (): string => `${Math.round(performance.now() - started)} ms`;
  const certificate = socket instanceof TLSSocket ? certificateName(socket) : {};
  const reader = new RequestReader(socket);
  let asked = "HTTP";
  let head: RequestHead | undefined;
  let answer: HttpAnswer;
  try {
    head = await reader.head(context.requestSeconds);
    if (head === undefined) {
      context.log.complaint("left without a request", address, took());
      socket.destroySoon();
      return;
    }
    asked = `${head.method} ${head.path}`.slice(0, 200);
    answer =
      refuseCertificate(certificate) ??
      (await answerTo(head, reader, context, { remoteAddress: address, ...nameOf(certificate) }));
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    answer = problem(error.status, kindOf(error.status), error.message);
  }
  reader.close();
  const sent = await send(socket, writeAnswer(answer, head?.method !== "HEAD"));
  const said = `${asked}: ${answer.status}${answer.detail === undefined ? "" : ` ${answer.detail}`}`;
  if (!sent) context.log.complaint("left before the end of the answer", address, `${said}, ${took()}`);
  else if (answer.status >= 400)
    context.log.complaint(`HTTP ${answer.status}`, address, `${said}, ${took()}`);
  else context.log.line(`${address}: ${said}, ${took()}`);
}

/** Where xcatd just closes, here is a way to say why. */
function refuseCertificate({ untrusted }: ReturnType<typeof certificateName>): HttpAnswer | undefined {
  return untrusted === undefined
    ? undefined
    : problem(403, "certificate", `client certificate refused: ${untrusted}`);
}

async function answerTo(
  head: RequestHead,
  reader: RequestReader,
  context: HttpContext,
  credentials: { readonly remoteAddress: string; readonly certificateName?: string },
): Promise<HttpAnswer> {
  const route = findRoute(head.path, head.method);
  if ("status" in route) return route;
  const authorization = head.headers.get("authorization");
  const request = {
    ...{ headers: head.headers, contentLength: head.contentLength, path: route.path },
    credentials: { ...credentials, ...(authorization !== undefined && { authorization }) },
    body: () => reader.body(head, context.requestSeconds),
  };
  try {
    const handle = () => route.handler(request, context);
    if (route.work === undefined) return await handle();
    const size = route.work === "report" ? sizeOf(head) : 1;
    return (await context.gates[route.work].run(handle, size)) ?? busy();
  } catch (error) {
    if (error instanceof BadRequest) throw error;
    if (error instanceof UnreadableTable) {
      context.log.complaint("cannot answer", credentials.remoteAddress, error.message);
      return problem(500, "failed", `the ${error.table} table cannot be read; the server's log has more`);
    }
    context.log.line(`${head.path}: ${error instanceof Error ? error.stack : String(error)}`);
    return problem(500, "failed", "the server made a mistake; its log has more");
  }
}

/** A body is kept in memory until it is whole: 16 of the largest take the room of 256 usual ones. */
function sizeOf({ contentLength }: RequestHead): number {
  return Math.max(1, Math.min(contentLength, REPORT_BYTES) / (1024 * 1024));
}

/** Not at once, and not all at the same time: the agent adds a random wait of its own to it. */
function busy(): HttpAnswer {
  const seconds = 1 + Math.floor(Math.random() * 4);
  return problem(503, "busy", "too much is being worked on", { "Retry-After": String(seconds) });
}

function kindOf(status: number) {
  return status === 413 ? ("too-large" as const) : ("bad-request" as const);
}

function nameOf({ name }: { readonly name?: string }) {
  return name === undefined ? {} : { certificateName: name };
}
