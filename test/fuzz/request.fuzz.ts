import invariant from "tiny-invariant";
import { MalformedRequest, readRequest } from "../../server-stub/protocol/request.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { requestSamples, xmlTokens } from "./samples.ts";
import { pureTarget } from "./target.ts";

export default pureTarget(
  {
    name: "request",
    about: "The reader of requests gets damaged XML: it reads it or refuses it, and nothing else.",
    inputs: 1_000_000,
    share: 20_000,
  },
  mutated(requestSamples, xmlTokens),
  (text) => {
    const { value } = outcomeOf(() => readRequest(text), MalformedRequest);
    invariant(value === undefined || typeof value.command === "string");
  },
);
