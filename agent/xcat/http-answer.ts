import type { Reader } from "./conversation.ts";
import { QueryFailure } from "./failure.ts";

/** An answer of HTTP/1.1, whole. */
export interface HttpAnswer {
  readonly status: number;
  /** Values by lower-case names; of a name that comes several times, the last. */
  readonly headers: ReadonlyMap<string, string>;
  /** As sent: `Content-Encoding` is not undone. */
  readonly body: Uint8Array;
}

const HEAD_BYTES = 16 * 1024;
/** Of a line between chunks, and lines after the last. */
const LINE_BYTES = 1024;
const TRAILERS = 100;

/**
 * Puts an answer together from pieces of any size (RFC 9112). It has to say its length, by `Content-Length` or by
 * chunks: one that just ends with its connection cannot be told from one that was cut short.
 */
export class HttpAnswerReader implements Reader<HttpAnswer> {
  readonly #limit: number;
  #bytes = 0;
  /** What came and was not taken yet. */
  #rest = Buffer.alloc(0);
  #head: Omit<HttpAnswer, "body"> | undefined;
  readonly #body: Uint8Array[] = [];
  #bodyBytes = 0;
  /** Bytes still to come of the body, or of the chunk; less than none where a chunk's line is next. */
  #left = 0;
  #chunked = false;
  #trailers = -1;

  /** @param limit bytes of a body */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): HttpAnswer | undefined {
    this.#bytes += chunk.length;
    // Chunks of a byte take six each.
    if (this.#bytes > 2 * this.#limit + 2 * HEAD_BYTES) throw tooLarge(this.#limit);
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    while (this.#head === undefined) {
      const head = this.#takeHead();
      if (head === undefined) return undefined;
      // 100 Continue and its like go before the answer.
      if (head.status >= 200) this.#begin(head);
    }
    return this.#takeBody(this.#head);
  }

  #takeHead(): Omit<HttpAnswer, "body"> | undefined {
    if (!"HTTP/1.".startsWith(this.#rest.toString("latin1", 0, 7)))
      throw noHttp("it does not begin with HTTP/1");
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end > HEAD_BYTES || (end < 0 && this.#rest.length > HEAD_BYTES))
      throw new QueryFailure("too-large", `its head is larger than ${HEAD_BYTES} bytes`, SEE);
    if (end < 0) return undefined;
    const [first = "", ...lines] = this.#rest.toString("latin1", 0, end).split("\r\n");
    this.#rest = this.#rest.subarray(end + 4);
    const [, status] = /^HTTP\/1\.\d (\d{3})(?: |$)/.exec(first) ?? [];
    if (status === undefined) throw noHttp(`"${first.slice(0, 80)}" is no status line`);
    const headers = lines.map(readHeader);
    const lengths = new Set(headers.flatMap(([name, value]) => (name === "content-length" ? [value] : [])));
    if (lengths.size > 1) throw noHttp("it says two lengths");
    return { status: Number(status), headers: new Map(headers) };
  }

  #begin(head: Omit<HttpAnswer, "body">): void {
    this.#head = head;
    const length = head.headers.get("content-length");
    this.#chunked = head.headers.get("transfer-encoding")?.toLowerCase() === "chunked";
    if (this.#chunked) this.#left = -1;
    else if (head.status === 204 || head.status === 304) this.#left = 0;
    // What stands before a server may say that it is away in an answer that just ends; its status is all that counts.
    else if (head.status !== 200 && length === undefined) this.#left = 0;
    else if (length === undefined || !/^\d{1,15}$/.test(length))
      throw noHttp("it does not say how long it is");
    else this.#left = Number(length);
    if (this.#left > this.#limit) throw tooLarge(this.#limit);
  }

  #takeBody(head: Omit<HttpAnswer, "body">): HttpAnswer | undefined {
    for (;;) {
      const piece = this.#rest.subarray(0, Math.max(0, this.#left));
      this.#rest = this.#rest.subarray(piece.length);
      this.#left -= piece.length;
      this.#bodyBytes += piece.length;
      if (this.#bodyBytes > this.#limit) throw tooLarge(this.#limit);
      if (piece.length > 0) this.#body.push(piece);
      if (this.#left > 0) return undefined;
      if (!this.#chunked || this.#trailers === 0) return { ...head, body: Buffer.concat(this.#body) };
      if (!this.#takeLine()) return undefined;
    }
  }

  /** A chunk's size, the empty line behind a chunk, or a line after the last chunk. */
  #takeLine(): boolean {
    const end = this.#rest.indexOf("\r\n");
    if (end > LINE_BYTES || (end < 0 && this.#rest.length > LINE_BYTES)) throw noHttp("a chunk has no size");
    if (end < 0) return false;
    const line = this.#rest.toString("latin1", 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    if (this.#trailers > 0) {
      this.#trailers = line === "" ? 0 : this.#trailers - 1;
      if (line !== "" && this.#trailers === 0) throw noHttp("there are too many lines behind it");
      return true;
    }
    if (this.#left === 0) {
      if (line !== "") throw noHttp("a chunk is longer than it says");
      this.#left = -1;
      return true;
    }
    const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (size === undefined) throw noHttp(`"${line.slice(0, 80)}" is no size of a chunk`);
    this.#left = Number.parseInt(size, 16);
    if (this.#left === 0) {
      this.#trailers = TRAILERS;
      this.#left = -1;
    }
    return true;
  }
}

const SEE = "see what listens on that port, and what stands before the server";

function readHeader(line: string): [string, string] {
  const [, name, value] = /^([!-9;-~]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw noHttp(`"${line.slice(0, 80)}" is no header`);
  return [name.toLowerCase(), value];
}

function noHttp(found: string): QueryFailure {
  return new QueryFailure("protocol", `this is no answer of HTTP/1.1: ${found}`, SEE);
}

function tooLarge(limit: number): QueryFailure {
  return new QueryFailure("too-large", `the answer is larger than ${limit} bytes`, SEE);
}
