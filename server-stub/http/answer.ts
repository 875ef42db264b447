import { STATUS_CODES } from "node:http";

/** An answer of the HTTP side, before it is written. */
export interface HttpAnswer {
  readonly status: number;
  /** Names as they are to be sent. `Content-Length`, `Date` and `Connection` are added. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where there is none. Parts may be those of other answers, too. */
  readonly body: readonly Uint8Array[];
  /** For the log: what was wrong. */
  readonly detail?: string;
}

/** A part of many answers, with what stands for its content. */
export interface SharedPart {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

export function sharedPart(text: string): SharedPart {
  const bytes = Buffer.from(text);
  return { bytes, digest: digestOf(bytes) };
}

/** The kinds of problems that a program may want to tell apart: the end of their `type`. */
export const PROBLEM_KINDS = [
  "bad-request",
  "unauthorized",
  "certificate",
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
    body: [Buffer.from(JSON.stringify({ type: `${PROBLEM_TYPE}${kind}`, title, status, detail, ...more }))],
    detail,
  };
}

/** @param text a whole JSON text */
export function json(text: string, headers: Readonly<Record<string, string>> = {}, status = 200): HttpAnswer {
  const body = [Buffer.from(text)];
  return { status, headers: { "Content-Type": "application/json", ...headers }, body };
}

/**
 * JSON with a strong validator made of its content, so that any server of the same tables gives the same one; just the
 * validator where the client has the same text already (RFC 9110 section 13.1.2).
 *
 * @param text the beginning of the JSON text, or all of it
 * @param shared the rest
 */
export function validated(text: string, shared: SharedPart | undefined, ifNoneMatch?: string): HttpAnswer {
  const tag = `"${digestOf(`${text}${shared?.digest ?? ""}`)}"`;
  const headers = { ETag: tag, "Cache-Control": "no-cache" };
  const has = (ifNoneMatch ?? "").split(",").map((item) => item.trim().replace(/^W\//, ""));
  if (has.includes(tag) || has.includes("*")) return { status: 304, headers, body: [] };
  const body = [Buffer.from(text), ...(shared === undefined ? [] : [shared.bytes])];
  return { status: 200, headers: { "Content-Type": "application/json", ...headers }, body };
}

/** 132 bits of SHA-256. */
function digestOf(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("base64url").slice(0, 22);
}

/** The bytes of an answer. `withBody` is false for HEAD, whose headers are those of GET. */
export function writeAnswer(answer: HttpAnswer, withBody: boolean): readonly Uint8Array[] {
  return [writeHead(answer), ...(withBody ? answer.body : [])];
}

function writeHead({ status, headers, body }: HttpAnswer): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[^\t\x20-\x7e]/g, "?")}`),
    ...(status === 304 ? [] : [`Content-Length: ${length}`]),
    `Date: ${new Date().toUTCString()}`,
    "Connection: close",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
