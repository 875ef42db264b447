import fc from "fast-check";
import invariant from "tiny-invariant";
import { parseCommandLine } from "../../agent/cmdline/parse.ts";
import { BootError } from "../../agent/errors.ts";
import { commandLineOf } from "../../agent/rows/command-line.ts";
import { parseCsv } from "../../agent/rows/csv.ts";
import { droppedRows, formatDropped } from "../../agent/rows/dropped.ts";
import { tablesOfNode } from "../../agent/rows/node-tables.ts";
import { Table, type TableSet } from "../../agent/rows/table.ts";
import { AnswerReader } from "../../agent/xcat/answer.ts";
import { readLitefile } from "../../agent/xcat/litefile.ts";
import { readLitetree } from "../../agent/xcat/litetree.ts";
import { answer } from "../../server-stub/serve/answers.ts";
import { mutated } from "./mutate.ts";
import { outcomeOfAsync } from "./outcome.ts";
import { tableSamples } from "./samples.ts";
import { checkAbsolute, checkEqual, checkHost, checkProblem } from "./shapes.ts";
import { pureTarget } from "./target.ts";

const NODE = "n01";
const tokens = [
  ...[
    ",",
    '"',
    "\n",
    "$",
    "$node",
    "$nodetype.os",
    "$nosuch.x",
    "$site.master",
    "#",
    "#CMD=date#",
    ":",
    "::",
    "/",
  ],
  ...[
    "..",
    "ALL",
    "link,ro",
    "persistent",
    '"1.0"',
    '"1"',
    "1e400",
    "-1",
    "0",
    "[fe80::1]",
    "\xff",
    "\x1b[2J",
  ],
  ...['\n"n01","a,b,a,n01"\n', "\n,,,,,\n", "statelite.strict=9", "UNDEFINED"],
];
const names = Object.keys(tableSamples);

/** The tables of a small site, two of them damaged. */
const tables = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom(...names),
    mutated(Object.values(tableSamples), tokens),
    fc.nat(),
    fc.boolean(),
  )
  .chain(([first, second, , , same]) =>
    fc.record(
      Object.fromEntries(
        [first, ...(same ? [] : [second])].map((name) => [name, mutated([tableSamples[name] ?? ""], tokens)]),
      ),
    ),
  );

/** Policy is another target's. */
const EVERYBODY = new Table(
  "policy",
  ["priority", "rule"],
  [{ line: 1, cells: ["1", "allow"] }],
  "policy.csv",
);

export default pureTarget(
  {
    name: "node-tables",
    about:
      "Damaged tables: a node's rows are safe or there is a problem; a server sends just what a plan is made from.",
    inputs: 100_000,
    share: 600,
  },
  tables,
  async (damaged) => {
    const set = setOf(damaged);
    for (const row of droppedRows(set)) invariant(formatDropped(row) !== "");
    const { value, refusal } = await outcomeOfAsync(() => tablesOfNode(set, NODE), BootError);
    if (value === undefined) {
      for (const problem of refusal?.problems ?? []) checkProblem(problem);
      return;
    }
    for (const problem of value.problems) checkProblem(problem);
    for (const { server, directory } of value.litetree) {
      if (server !== "") checkHost(server.replace(/^\[(.*)\]$/, "$1"));
      checkAbsolute(directory);
    }
    invariant(value.litefile.some(({ path }) => path === "/etc/mtab"));
    const parsed = parseCommandLine(commandLineOf(set, value), { root: "mounted" });
    if (!parsed.ok) for (const problem of parsed.problems) checkProblem(problem);

    checkEqual(readLitefile(await asked(set, "litefile")).rows, value.litefile, "litefile as sent");
    checkEqual(readLitetree(await asked(set, "litetree")).rows, value.litetree, "litetree as sent");
  },
);

function setOf(damaged: Readonly<Record<string, string>>): TableSet {
  const parsed = names.flatMap((name) => {
    const { table } = parseCsv(name, damaged[name] ?? tableSamples[name] ?? "", `${name}.csv`);
    return table === undefined ? [] : [[name, table] as const];
  });
  return { tables: new Map([...parsed, ["policy", EVERYBODY]]) };
}

/** The server's answer, over the wire in one piece. */
async function asked(set: TableSet, command: string) {
  const asker = { address: "10.0.0.7", host: NODE, node: NODE };
  const runCommand = () => Promise.resolve("");
  const { text } = await answer({ set, server: "mn", asker, runCommand }, { command, args: [] });
  const whole = new AnswerReader().push(Buffer.from(text, "latin1"));
  invariant(whole !== undefined, "the answer has no end");
  return whole;
}
