import { gunzipSync } from "node:zlib";
import { converse, type Exchanged, type ExchangeTimes } from "./conversation.ts";
import { DOCUMENT_LIMITS } from "./document-limits.ts";
import type { Endpoint } from "./endpoint.ts";
import { HTTP_ADVICE } from "./exchange-failure.ts";
import { QueryFailure } from "./failure.ts";
import { type HttpAnswer, HttpAnswerReader } from "./http-answer.ts";
import type { Trust } from "./trust.ts";

/** One request to an HTTP server. */
export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly url: URL;
  readonly trust: Trust;
  readonly times: ExchangeTimes;
  /** Sent with POST; without one it is GET. JSON text. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/**
 * One request and its answer, unpacked, on a connection of its own. Bun's own client calls every failure to connect by
 * one name and hides its cause, so this is HTTP/1.1 over the agent's own sockets, with the trust and the limits of
 * xcatd's port. Redirects are for the caller to refuse. Rejects with QueryFailure only.
 */
export async function requestHttp(task: HttpRequest): Promise<Exchanged<HttpAnswer>> {
  const { url, trust } = task;
  const secure = url.protocol === "https:";
  if (!secure && trust.mode === "verify") throw cannotProve();
  const { endpoint, times, signal } = task;
  const { answer, localAddress } = await converse({
    ...{ endpoint, times, advice: HTTP_ADVICE },
    ...(signal && { signal }),
    trust: secure ? trust : { mode: "none" },
    request: formatRequest(task),
    reader: new HttpAnswerReader(DOCUMENT_LIMITS.bytes),
  });
  return { localAddress, answer: { ...answer, body: bodyOf(answer) } };
}

/** As it was before it was packed. A refusal counts also where its words cannot be read. */
function bodyOf(answer: HttpAnswer): Uint8Array {
  try {
    return unpack(answer);
  } catch (error) {
    if (answer.status === 200) throw error;
    return new Uint8Array();
  }
}

/** Whoever is at the other end of plain HTTP cannot prove who it is. */
export function cannotProve(): QueryFailure {
  return new QueryFailure(
    "certificate",
    "over http:// a server cannot prove who it is",
    "write https://; or, with all that it means, boot with statelite.tls=insecure",
  );
}

function formatRequest({ url, body, trust }: HttpRequest): Buffer {
  const token = trust.mode === "verify" ? trust.token : undefined;
  const bytes = Buffer.from(body ?? "");
  const all = {
    Host: url.host,
    "User-Agent": "statelite-agent",
    "Accept-Encoding": "gzip",
    ...(body !== undefined && { "Content-Type": "application/json", "Content-Length": `${bytes.length}` }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    Connection: "close",
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const method = body === undefined ? "GET" : "POST";
  const head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes]);
}

/** A small answer can become a large one: not larger than one that is not packed may be. */
function unpack({ headers, body }: HttpAnswer): Uint8Array {
  const encoding = headers.get("content-encoding")?.toLowerCase() ?? "identity";
  if (encoding === "identity") return body;
  const see = "see what stands before the server";
  if (encoding !== "gzip" && encoding !== "x-gzip")
    throw new QueryFailure("protocol", `the answer is packed as "${encoding}", not with gzip`, see);
  try {
    return gunzipSync(body, { maxOutputLength: DOCUMENT_LIMITS.bytes });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      const found = `the answer becomes larger than ${DOCUMENT_LIMITS.bytes} bytes when it is unpacked`;
      throw new QueryFailure("too-large", found, see, { cause });
    }
    throw new QueryFailure("protocol", "the answer says gzip and is none", see, { cause });
  }
}
