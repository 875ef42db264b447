import fc from "fast-check";
import invariant from "tiny-invariant";
import { judgeLease, judgeOwner, readLease } from "../../agent/statearea/lease.ts";
import { parseSeeds } from "../../agent/statearea/seeds.ts";
import { checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const SELF = { node: "n01", boot: "b", addresses: ["52:54:00:00:00:01"] };
const key = fc.constantFrom(
  "node",
  "boot",
  "addresses",
  "at",
  "seeds",
  "/etc/a",
  "from",
  "source",
  "state",
  "__proto__",
);

/** JSON of any shape, most of it nearly that of the records. */
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    fc.jsonValue(),
    fc.constantFrom("n01", "n02", "b", "52:54:00:00:00:01", "\u001b[2J"),
    fc.array(tie("json"), { maxLength: 80 }),
    fc.dictionary(key, tie("json")),
  ),
}));

export default pureTarget(
  {
    name: "statearea",
    about:
      "The agent's records in a node's state, whoever wrote them: understood or nothing, and no harm in a message.",
    inputs: 100_000,
    share: 1500,
  },
  fc.tuple(json, fc.integer(), fc.boolean()),
  ([value, age, strict]) => {
    const owner = judgeOwner(value, "n01", "/state");
    if (owner !== undefined) checkProblem(owner);
    const lease = readLease(value);
    invariant((lease?.addresses.length ?? 0) <= 64, "no more addresses than a machine has");
    const problem = judgeLease(lease, SELF, age, "/state", strict);
    if (problem !== undefined) checkProblem(problem);
    for (const [path, seed] of parseSeeds(value))
      invariant(path !== undefined && typeof seed.from === "string");
  },
);
