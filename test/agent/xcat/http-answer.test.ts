import { expect, test } from "bun:test";
import { QueryFailure } from "../../../agent/xcat/failure.ts";
import { HttpAnswerReader } from "../../../agent/xcat/http-answer.ts";

const LIMIT = 64 * 1024;

/** `200 body` of the answer, `…` where it has not ended, or the failure's kind and words. */
function read(text: string, size: number): string {
  const reader = new HttpAnswerReader(LIMIT);
  const bytes = Buffer.from(text, "latin1");
  try {
    for (let at = 0; at < bytes.length; at += size) {
      const answer = reader.push(bytes.subarray(at, at + size));
      if (answer !== undefined) return `${answer.status} ${Buffer.from(answer.body).toString("latin1")}`;
    }
    return "…";
  } catch (failure) {
    if (!(failure instanceof QueryFailure)) throw failure;
    return `${failure.kind}: ${failure.found}`;
  }
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const sized = (length: number | string) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;

// biome-ignore format: one case a line
const cases: readonly [rule: string, text: string, found: string | RegExp][] = [
  ["a length", `${sized(5)}hello`, "200 hello"],
  ["what comes behind it is not looked at", `${sized(2)}hello`, "200 he"],
  ["nothing at all", sized(0), "200 "],
  ["less than was said", `${sized(6)}hello`, "…"],
  ["another status, without words", "HTTP/1.0 503 \r\nContent-Length: 2\r\n\r\nno", "503 no"],
  ["a status without a body", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "304 "],
  ["100 Continue goes before it", `HTTP/1.1 100 Continue\r\n\r\n${sized(1)}a`, "200 a"],
  ["chunks", `${chunked}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n`, "200 hello world"],
  ["chunks, and lines behind them", `${chunked}1\r\na\r\n0\r\nX: y\r\n\r\n`, "200 a"],
  ["chunks that do not end", `${chunked}5\r\nhello\r\n`, "…"],
  ["a refusal without a length", "HTTP/1.0 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n<html>", "503 "],
  ["no length", "HTTP/1.1 200 OK\r\n\r\nhello", /^protocol: .*does not say how long/],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nhello", /^protocol: .*says two lengths/],
  ["a length that is none", sized("5, 5"), /^protocol: .*does not say how long/],
  ["a body larger than may be", sized(LIMIT + 1), /^too-large: the answer is larger than 65536 bytes/],
  ["chunks larger than may be", `${chunked}${"8000\r\n".concat("a".repeat(0x8000), "\r\n").repeat(3)}`, /^too-large/],
  ["many small chunks", `${chunked}${"1\r\na\r\n".repeat(40_000)}`, /^too-large/],
  ["a chunk of no size", `${chunked}x\r\n`, /^protocol: .*"x" is no size/],
  ["a chunk longer than it says", `${chunked}1\r\nab\r\n`, /^protocol: .*longer than it says/],
  ["a chunk's line without an end", `${chunked}${"1".repeat(2000)}`, /^protocol/],
  ["lines behind the last chunk without an end", `${chunked}0\r\n${"a: b\r\n".repeat(200)}`, /^protocol: .*too many lines/],
  ["a head without an end", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(4000)}`, /^too-large: its head/],
  ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", /^protocol: .*does not begin with HTTP\/1/],
  ["another version", "HTTP/2 200\r\n\r\n", /^protocol/],
  ["no status", "HTTP/1.1 OK\r\n\r\n", /^protocol: .*no status line/],
  ["no header", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", /^protocol: .*"nothing" is no header/],
];

test.each(cases)("%s, however it comes in pieces", (_rule, text, found) => {
  for (const size of [text.length, 1, 2, 3, 7]) {
    if (typeof found === "string") expect(read(text, size)).toBe(found);
    else expect(read(text, size)).toMatch(found);
  }
});
