import { join } from "node:path";
import invariant from "tiny-invariant";
import baseline from "../golden/xcatd/baseline.json";
import { ask } from "../server-stub/support/server.ts";
import { attacks } from "./attack.ts";
import { addresses, attackedServer } from "./attacked-server.ts";
import { requestSamples, xmlTokens } from "./samples.ts";
import type { FuzzTarget } from "./target.ts";

/** Whole answers: nothing but responses, with serverdone in the last one and nowhere else. */
const whole =
  /^(?:<xcatresponse>\n(?:(?!serverdone|xcatresponse)[\t\n -~])*<\/xcatresponse>\n)*<xcatresponse>\n(?:(?!xcatresponse)[\t\n -~])*<serverdone><\/serverdone>\n(?:(?!xcatresponse)[\t\n -~])*<\/xcatresponse>\n$/;

const helloBegins = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

const target: FuzzTarget = {
  name: "port-3001",
  about:
    "The server gets damaged requests, whole, in pieces, half-closed, left and without TLS: each is answered as a whole or not at all.",
  inputs: 100_000,
  share: 1000,
  open: () =>
    attackedServer({
      attacks: attacks(requestSamples, [...xmlTokens, helloBegins], addresses),
      atOnce: 200,
      reach: async ({ port, directory }) => ({ port, ca: await Bun.file(join(directory, "ca.pem")).text() }),
      mayBe: (said, { manner }) =>
        said === "" || manner === "left" || manner === "no TLS" || whole.test(said),
      async serves(server) {
        for (const { source, request, response } of baseline.cases)
          invariant(
            (await ask(server, source, request)) === response,
            `another answer to ${request} from ${source}`,
          );
        return baseline.cases.length;
      },
    }),
};
export default target;
