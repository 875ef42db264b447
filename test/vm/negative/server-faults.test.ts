import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Fault, testFaults } from "../fault.ts";

/** The server of the tables: not there, silent, unwilling; and a node whose clock has stopped. */
const FAULTS: readonly Fault[] = [
  {
    fault: "the server of the tables is down at first, and back after 20 s",
    before: (lab) => lab.service("stub").stop(),
    meanwhile: async (lab, n01) => {
      await n01.console.waitFor(/ask for litefile and litetree: .*no connection/, 120);
      await Bun.sleep(20_000);
      await lab.service("stub").start();
    },
    outcome: {
      kind: "boots",
      says: /ask for litefile and litetree: 10\.0\.0\.1:3001: no connection.*attempt/,
    },
  },
  {
    fault: "the server takes connections and says nothing",
    before: (lab) => lab.service("stub").signal("SIGSTOP"),
    parameters: { "statelite.query_timeout": "10" },
    outcome: {
      kind: "fails",
      doing: "ask for litefile and litetree",
      on: "10.0.0.1:3001",
      found: /the server took the connection and said nothing/,
      remedy: "see that xcatd runs",
    },
  },
  {
    fault: "the first of two servers is nobody's address",
    parameters: { XCAT: "10.0.0.99:3001,10.0.0.1:3001" },
    outcome: { kind: "boots", says: /ask for litefile and litetree: 10\.0\.0\.99:3001: no connection/ },
  },
  {
    fault: "the policy table allows no litefile",
    tables: (folder) => without(folder, "policy", /^"4\.7".*\n/m),
    outcome: {
      kind: "fails",
      on: "10.0.0.1:3001",
      found: 'the server refuses: "Permission denied for request"',
      remedy: "chtab priority=4.7 policy.commands=litefile policy.rule=allow",
    },
  },
  {
    fault: "the node has no image",
    tables: (folder) => without(folder, "nodetype", /^"compute".*\n/m),
    outcome: { kind: "fails", found: "the node has no image", remedy: "run nodeset NODE osimage=IMAGE" },
  },
  {
    fault: "the node's clock says 1970, and the certificate is younger",
    hardware: { clock: "1970-01-01T00:00:00" },
    outcome: {
      kind: "fails",
      found: /not yet valid; this node's clock says 1970-01-01 00:0\d UTC/,
      remedy: "set the node's clock",
    },
  },
];

function without(folder: string, table: string, row: RegExp): void {
  const file = join(folder, `${table}.csv`);
  writeFileSync(file, readFileSync(file, "utf8").replace(row, ""));
}

testFaults(import.meta.path, FAULTS);
