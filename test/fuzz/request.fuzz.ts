import fc from "fast-check";
import { MalformedRequest, readRequest } from "../../server-stub/protocol/request.ts";
import { mutated } from "./mutate.ts";
import { requestSamples, xmlTokens } from "./samples.ts";
import { pureTarget } from "./target.ts";

export default pureTarget(
  {
    name: "request",
    about: "The reader of requests gets damaged XML: it reads it or refuses it, and nothing else.",
    inputs: 1_000_000,
    share: 20_000,
  },
  () =>
    fc.property(mutated(requestSamples, xmlTokens), (text) => {
      try {
        return typeof readRequest(text).command === "string";
      } catch (error) {
        if (error instanceof MalformedRequest) return true;
        throw error;
      }
    }),
);
