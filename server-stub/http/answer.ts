import { STATUS_CODES } from "node:http";

/** An answer of the HTTP side, before it is written. */
export interface HttpAnswer {
  readonly status: number;
  /** Names as they are to be sent. `Content-Length`, `Date` and `Connection` are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** The kinds of problems that a program may want to tell apart: the end of their `type`. */
export const PROBLEM_KINDS = [
  "bad-request",
  "unauthorized",
  "unknown-node",
  "other-node",
  "refused",
  "not-found",
  "no-image",
  "method",
  "too-large",
  "media-type",
  "invalid-report",
  "busy",
  "failed",
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/** What every problem's `type` begins with. */
export const PROBLEM_TYPE = "urn:statelite:problem:";

/**
 * A problem as RFC 9457 has it: `type` tells kinds apart, `detail` is for people.
 *
 * @param more members of the problem beyond those of the RFC
 */
export function problem(
  status: number,
  kind: ProblemKind,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
): HttpAnswer {
  const title = STATUS_CODES[status] ?? "Error";
  return {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
    body: JSON.stringify({ type: `${PROBLEM_TYPE}${kind}`, title, status, detail, ...more }),
  };
}

/** @param text a whole JSON text */
export function json(text: string, headers: Readonly<Record<string, string>> = {}, status = 200): HttpAnswer {
  return { status, headers: { "Content-Type": "application/json", ...headers }, body: text };
}

/**
 * JSON with a strong validator made of its content, so that any server of the same tables gives the same one; just the
 * validator where the client has the same text already (RFC 9110 section 13.1.2).
 */
export function validated(text: string, ifNoneMatch: string | undefined): HttpAnswer {
  const digest = new Bun.CryptoHasher("sha256").update(text).digest("base64url");
  const tag = `"${digest.slice(0, 22)}"`;
  const headers = { ETag: tag, "Cache-Control": "no-cache" };
  const has = (ifNoneMatch ?? "").split(",").map((item) => item.trim().replace(/^W\//, ""));
  if (!has.includes(tag) && !has.includes("*")) return json(text, headers);
  return { status: 304, headers, body: "" };
}

/** The bytes of an answer. `withBody` is false for HEAD, whose headers are those of GET. */
export function writeAnswer({ status, headers, body }: HttpAnswer, withBody: boolean): Buffer {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[^\t\x20-\x7e]/g, "?")}`),
    ...(status === 304 || status === 204 ? [] : [`Content-Length: ${bytes.length}`]),
    `Date: ${new Date().toUTCString()}`,
    "Connection: close",
  ];
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return withBody && bytes.length > 0 ? Buffer.concat([head, bytes]) : head;
}
