/** The head of a request as RFC 9112 has it: strictly, since what is unclear two programs read in two ways. */

/** A request is refused for its form: an answer's status and a sentence. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
  readonly status: number;

  constructor(status: number, found: string) {
    super(found);
    this.status = status;
  }
}

export interface RequestHead {
  readonly method: string;
  /** The target's path as sent, percent signs and all; without query. */
  readonly path: string;
  /** Values by lower-case names; of a name that comes several times, joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body that follows. */
  readonly contentLength: number;
  /** It waits until it is told to go on (RFC 9110 section 10.1.1). */
  readonly expectsContinue: boolean;
}

/** Bytes of a head, and lines in it: an agent's has 150 and six. */
export const HEAD_LIMITS = { bytes: 16 * 1024, lines: 100 } as const;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * @param text the head up to its empty line, bytes as characters
 * @throws BadRequest
 */
export function readHead(text: string): RequestHead {
  // An empty line before it is passed over (RFC 9112 section 2.2).
  const [requestLine = "", ...lines] = text.replace(/^\r\n/, "").split("\r\n");
  if (lines.length > HEAD_LIMITS.lines) throw new BadRequest(431, "there are too many header lines");
  const [method = "", target = "", version = "", extra] = requestLine.split(" ");
  if (!/^HTTP\/\d\.\d$/.test(version) || extra !== undefined || !token.test(method))
    throw new BadRequest(400, "the first line is no request line of HTTP/1.1");
  if (!version.startsWith("HTTP/1.")) throw new BadRequest(505, "only HTTP/1.1 is spoken here");
  const headers = readHeaders(lines);
  if (version === "HTTP/1.1" && !headers.has("host")) throw new BadRequest(400, "the Host header is missing");
  const expectsContinue = version !== "HTTP/1.0" && /^100-continue$/i.test(headers.get("expect") ?? "");
  return { method, path: pathOf(target), headers, contentLength: lengthOf(headers), expectsContinue };
}

function readHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^:]*):[ \t]*(.*?)[ \t]*$/s.exec(line) ?? [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    if (!token.test(name) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      throw new BadRequest(400, "a header line is malformed");
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before !== undefined && ["host", "content-length", "authorization"].includes(key))
      throw new BadRequest(400, `there are two ${key} headers`);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** Origin form, or the absolute form that is for proxies. */
function pathOf(target: string): string {
  const [, path] = /^(?:https?:\/\/[^/?#]+)?(\/[^?#]*)(?:\?[^#]*)?$/i.exec(target) ?? [];
  if (path === undefined || !/^[!-~]+$/.test(path)) throw new BadRequest(400, "the target is no path");
  return path;
}

function lengthOf(headers: ReadonlyMap<string, string>): number {
  if (headers.has("transfer-encoding")) {
    throw new BadRequest(411, "a body has to say its length: Content-Length, not Transfer-Encoding");
  }
  const given = headers.get("content-length");
  if (given === undefined) return 0;
  if (!/^\d{1,15}$/.test(given)) throw new BadRequest(400, "Content-Length is no number");
  return Number(given);
}
