import { gzipSync } from "node:zlib";
import fc from "fast-check";
import invariant from "tiny-invariant";
import { QueryFailure } from "../../agent/xcat/failure.ts";
import { type HttpAnswer, HttpAnswerReader } from "../../agent/xcat/http-answer.ts";
import { describeStatus, retryAfter } from "../../agent/xcat/http-status.ts";
import { problem, type HttpAnswer as Sent, writeAnswer } from "../../server-stub/http/answer.ts";
import { mutated } from "./mutate.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Cuts, cuts, inPieces } from "./pieces.ts";
import { checkEqual, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const LIMIT = 4096;

const sent: readonly Sent[] = [
  { status: 200, headers: { "Content-Type": "application/json" }, body: [Buffer.from('{"schema":1}')] },
  problem(503, "busy", "too much is being worked on", { "Retry-After": "3" }),
];
const chunked =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n";
const samples = [
  ...sent.map((answer) => Buffer.concat(writeAnswer(answer, true)).toString("latin1")),
  ...[chunked, chunked.replace("5;a=b", "0005").replace("200 OK", "503")],
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 \r\n\r\n",
  "HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 429 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\nContent-Length: 0\r\n\r\n",
  `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n${gzipSync("{}").toString("latin1")}`,
];
const tokens = [
  ...[
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    ":",
    ";",
    " ",
    "\t",
    "HTTP/1.1 200 OK\r\n",
    "Content-Length: 5\r\n",
    "-1",
  ],
  ...[
    "Transfer-Encoding: chunked\r\n",
    "Retry-After: 99999999999\r\n",
    "ffffffff\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
  ],
  ...[
    "Content-Length: 99999999999999\r\n",
    "Content-Type: application/problem+json\r\n",
    '{"detail":"\\u001b"}',
  ],
];

export default pureTarget(
  {
    name: "http-answer",
    about:
      "Answers of HTTP in pieces of any size: whole, or a failure; what the server writes comes out as it went in.",
    inputs: 100_000,
    share: 2000,
  },
  fc.record({
    text: mutated(samples, tokens),
    sizes: cuts,
    body: fc.string({ unit: "binary", maxLength: 200 }),
    status: fc.constantFrom(200, 404, 503),
  }),
  ({ text, sizes, body, status }) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = read(bytes, [bytes.length || 1]);
    const pieces = read(bytes, sizes);
    if (whole.refusal?.kind !== "too-large" && pieces.refusal?.kind !== "too-large")
      checkEqual(essence(pieces), essence(whole), "pieces do not matter");
    if (pieces.refusal !== undefined) checkProblem(pieces.refusal.problem("ask", "mn"));
    if (pieces.value !== undefined) checkMeaning(pieces.value);

    const written = Buffer.concat(writeAnswer({ status, headers: {}, body: [Buffer.from(body)] }, true));
    const { value } = read(written, sizes);
    checkEqual(
      [value?.status, Buffer.from(value?.body ?? []).toString()],
      [status, body],
      "as it was written",
    );
  },
);

function read(bytes: Uint8Array, sizes: Cuts): Outcome<HttpAnswer | undefined, QueryFailure> {
  const reader = new HttpAnswerReader(LIMIT);
  return outcomeOf(() => {
    for (const piece of inPieces(bytes, sizes)) {
      const answer = reader.push(piece);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }, QueryFailure);
}

function essence({ value, refusal }: ReturnType<typeof read>): unknown {
  if (value === undefined) return refusal?.kind ?? "no end";
  return [value.status, [...value.headers], Buffer.from(value.body).toString("latin1")];
}

function checkMeaning(answer: HttpAnswer): void {
  invariant(answer.body.length <= LIMIT && answer.status >= 200 && answer.status <= 999);
  const wait = retryAfter(answer.headers);
  invariant(wait === undefined || (wait >= 0 && wait <= 30_000), `a wait of ${wait} ms`);
  const failure = describeStatus(answer);
  invariant((failure === undefined) === (answer.status === 200));
  if (failure !== undefined) checkProblem(failure.problem("ask", "mn"));
}
