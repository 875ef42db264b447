import invariant from "tiny-invariant";
import type { HttpAnswer } from "../../server-stub/http/answer.ts";
import { BadRequest, readHead } from "../../server-stub/http/head.ts";
import { findRoute } from "../../server-stub/http/routes.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { pureTarget } from "./target.ts";

/** As agents, curl and a proxy write them, without the empty line at their end. */
const samples = [
  "GET /v1/nodes/n01/boot HTTP/1.1\r\nHost: 10.0.0.1:8443\r\nUser-Agent: statelite-agent\r\nAccept-Encoding: gzip\r\nConnection: close",
  'GET /v1/nodes/-/boot HTTP/1.1\r\nHost: mn\r\nIf-None-Match: W/"abc", "def"\r\nAuthorization: Bearer correct-horse-battery-staple',
  "POST /v1/nodes/n01.cluster.test/report HTTP/1.1\r\nHost: mn\r\nContent-Type: application/json\r\nContent-Length: 1234\r\nExpect: 100-continue",
  "HEAD http://mn:80/healthz?x=y HTTP/1.0\r\nX-Forwarded-For: 10.0.0.1",
];
const tokens = [
  ...[
    "\r\n",
    "\r",
    ":",
    " ",
    "\t",
    "/",
    "..",
    "%2e%2e",
    "%2f",
    "%ff",
    "%",
    "?",
    "#",
    "//",
    "{node}",
    "__proto__",
  ],
  ...[
    "HTTP/2.0",
    "Host: a\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
  ],
];

export default pureTarget(
  {
    name: "http-request",
    about:
      "The head of a request over HTTP is read or refused; its path leads to one route and nowhere else.",
    inputs: 500_000,
    share: 10_000,
  },
  mutated(samples, tokens),
  (text) => {
    const { value, refusal } = outcomeOf(() => readHead(text), BadRequest);
    if (refusal !== undefined) invariant(refusal.status >= 400 && refusal.status <= 505);
    if (value === undefined) return;
    invariant(Number.isSafeInteger(value.contentLength) && value.contentLength >= 0);
    invariant(/^\/[!-~]*$/.test(value.path) && /^[!-~]+$/.test(value.method));
    const route = findRoute(value.path, value.method);
    if (isAnswer(route)) return invariant(route.status === 404 || route.status === 405);
    // A node's name is one part of the path, whatever is escaped in it.
    invariant(Object.keys(route.path).every((name) => name === "node"));
    invariant(value.path.split("/").length === (route.path["node"] === undefined ? 2 : 5));
  },
);

function isAnswer(found: ReturnType<typeof findRoute>): found is HttpAnswer {
  return "status" in found;
}
