import invariant from "tiny-invariant";
import protocol from "../golden/xcatd/protocol.json";
import { talkToMonitor } from "../server-stub/support/server.ts";
import { attacks } from "./attack.ts";
import { addresses, attackedServer } from "./attacked-server.ts";
import type { FuzzTarget } from "./target.ts";

const lines = ["netbooting", "booting", "booted", "failed"].map((status) => `installstatus ${status}\n`);

const target: FuzzTarget = {
  name: "port-3002",
  about:
    "The install monitor gets damaged lines, whole, in pieces, half-closed and left: it says ready, and done or nothing, and is gone.",
  inputs: 100_000,
  share: 1000,
  open: () =>
    attackedServer({
      attacks: attacks(lines, ["installstatus", " ", "\r\n", "\t", "next", "locktftpdir"], addresses),
      // Who says nothing is waited for 2 s.
      atOnce: 1000,
      reach: async ({ monitorPort }) => ({ port: monitorPort }),
      mayBe: (said, { manner }) => ["", "ready\n", "ready\ndone\n"].includes(said) || manner === "left",
      async serves(server) {
        for (const { source, exchange } of protocol.port3002) {
          const [first, client, second] = exchange.map(([, text]) => text);
          const said = await talkToMonitor(server, source, client ?? "");
          invariant(said[0] === first && said[1] === second, `another answer to ${client} from ${source}`);
        }
        return protocol.port3002.length;
      },
    }),
};
export default target;
