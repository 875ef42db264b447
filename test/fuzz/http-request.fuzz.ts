import invariant from "tiny-invariant";
import type { HttpAnswer } from "../../server-stub/http/answer.ts";
import { BadRequest, readHead } from "../../server-stub/http/head.ts";
import { findRoute } from "../../server-stub/http/routes.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { httpSamples, httpTokens } from "./samples.ts";
import { pureTarget } from "./target.ts";

export default pureTarget(
  {
    name: "http-request",
    about:
      "The head of a request over HTTP is read or refused; its path leads to one route and nowhere else.",
    inputs: 500_000,
    share: 10_000,
  },
  mutated(httpSamples, httpTokens),
  (text) => {
    const { value, refusal } = outcomeOf(() => readHead(text), BadRequest);
    if (refusal !== undefined) invariant(refusal.status >= 400 && refusal.status <= 505);
    if (value === undefined) return;
    invariant(Number.isSafeInteger(value.contentLength) && value.contentLength >= 0);
    invariant(/^\/[!-~]*$/.test(value.path) && /^[!-~]+$/.test(value.method));
    const route = findRoute(value.path, value.method);
    if (isAnswer(route)) return invariant(route.status === 404 || route.status === 405);
    invariant(typeof route.handler === "function");
    // A node's name is one part of the path, whatever is escaped in it.
    invariant(Object.keys(route.path).every((name) => name === "node"));
    invariant(value.path.split("/").length === (route.path["node"] === undefined ? 2 : 5));
  },
);

function isAnswer(found: ReturnType<typeof findRoute>): found is HttpAnswer {
  return "status" in found;
}
