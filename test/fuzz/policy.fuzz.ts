import fc from "fast-check";
import invariant from "tiny-invariant";
import { Table, type TableSet } from "../../agent/rows/table.ts";
import { decide } from "../../server-stub/model/policy.ts";
import { tableSet } from "../server-stub/support/tables.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const COLUMNS = ["priority", "name", "host", "commands", "noderange", "parameters", "rule"] as const;
const nodes = ["n01", "n02", "n03", "n04"];
const nodelist = tableSet({
  nodelist: `#node,groups\n${nodes.map((node, n) => `"${node}","all,${n % 2 === 0 ? "odd" : "even"}"\n`).join("")}`,
}).tables.get("nodelist");
const pattern = fc.constantFrom("", "*", "compute", ".*", "(", "^a b$", "[");
const policyRow = fc.tuple(
  fc.constantFrom("", "*", "root", "n01"),
  fc.constantFrom("", "*", "n01", "10.0.0.7"),
  fc.constantFrom("", "*", "litefile", "litefile,litetree", "litefil"),
  fc.oneof(
    fc.constantFrom("", "*", "all", "n01", "n[01-02]", "even,-n04", "nosuch", "/n0.*"),
    fc.string({ maxLength: 6 }),
  ),
  pattern,
  fc.constantFrom("allow", "accept", "trusted", "deny", "", "ALLOW", "disallow"),
);

export default pureTarget(
  {
    name: "policy",
    about: "Policy rows: one decision, the first row's that matches; no row allows more than it says.",
    inputs: 100_000,
    share: 4000,
  },
  fc.record({
    rows: fc.array(policyRow, { maxLength: 6 }),
    asker: fc.record(
      {
        host: fc.constantFrom("n01", "n02", "10.0.0.7"),
        certificateName: fc.constantFrom("root", "other", "n01"),
      },
      { requiredKeys: ["host"] },
    ),
    asked: fc.record(
      {
        command: fc.constantFrom("litefile", "litetree", "", "rpower"),
        args: fc.array(fc.constantFrom("a", "b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), { maxLength: 2 }),
        nodes: fc.subarray(nodes),
      },
      { requiredKeys: ["command", "args"] },
    ),
  }),
  ({ rows, asker, asked }) => {
    const numbered = rows.map((row, n) => [`${n + 1}.5`, ...row]);
    const decision = decide(setOf(numbered), asker, asked);
    const again = (table: readonly (readonly string[])[]) => decide(setOf(table), asker, asked);
    checkEqual(again(numbered.toReversed()), decision, "only priorities order rows");
    invariant(!again([["0", "", "", "", "", "", "deny"], ...numbered]).allowed, "the first row decides");
    if (rows.length === 0) invariant(!decision.allowed, "nothing is allowed by itself");
    const named = numbered.every(([, name]) => name === "root");
    if (named && asker.certificateName !== "root")
      invariant(!decision.allowed, "a name wants its certificate");
    if (!decision.allowed) invariant(decision.why !== "");
    else if (decision.others !== "all")
      for (const node of decision.others) invariant(nodes.includes(node), node);
  },
);

function setOf(rows: readonly (readonly string[])[]): TableSet {
  const policy = new Table(
    "policy",
    COLUMNS,
    rows.map((cells, n) => ({ line: n + 2, cells })),
    "policy.csv",
  );
  invariant(nodelist !== undefined);
  return {
    tables: new Map([
      ["nodelist", nodelist],
      ["policy", policy],
    ]),
  };
}
