import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { type BackEnd, backEndKinds, openBackEnd } from "../../qemu/back-ends.ts";
import baseline from "../golden/xcatd/baseline.json";
import edges from "../golden/xcatd/edges.json";
import protocol from "../golden/xcatd/protocol.json";
import reverseNames from "../golden/xcatd/reverse-dns.json";
import { ask, logs, startServer, type TestServer, talkToMonitor } from "./support/server.ts";

const golden = join(import.meta.dir, "../golden/xcatd");

/**
 * Where the answer of a real xcatd is not ours. All else in baseline.json, edges.json and protocol.json is compared byte
 * for byte, from each of the back ends.
 *
 * | case | xcatd | here, and why |
 * |---|---|---|
 * | explicit noderange of another node | that node's rows | refused: a node reads its own rows, unless a policy row gives it others' |
 * | not XML, no newline, too short | says nothing, for ever | closes without a byte |
 * | begun and never finished | waits, for ever | closes after `--request-timeout` |
 * | over 64 KiB, or more than 1,000 elements | not tried | closes without a byte |
 * | a noderange with `^FILE`, or a pattern that goes back over what it tried | reads the file, matches | refused as invalid |
 * | a node's attribute `/vol/nfs/` | replaces `vol` by `nfs` in the node's name, and that is the value | is that directory, unless `vol` is in the name |
 * | one as `|…|($1>5?"a":"b")|` | runs it as Perl | knows whole numbers, `$1`, `+ - * / %` and sprintf; has no value, and the log says so |
 * | after the answer | open for 15 s and more | closes |
 * | more than 64 requests at once | not tried (`xcatmaxconnections` is 64) | answers up to 16,384, 1,024 of one address; closes others |
 */
const differences: Readonly<Record<string, string>> = {
  "explicit noderange of another node":
    "<xcatresponse>\n  <error>Permission denied for request</error>\n  <errorcode>1</errorcode>\n  <serverdone></serverdone>\n</xcatresponse>\n",
};

/** What is asked of each set of tables. */
const asked = {
  baseline: [...baseline.cases.map(named), ...protocol.port3001],
  edges: edges.cases.map(named),
};

function named<T extends { readonly node: string; readonly request: string }>(
  one: T,
): T & { readonly name: string } {
  return { ...one, name: `${one.node} ${/<command>(\w+)/.exec(one.request)?.[1]}` };
}

for (const kind of backEndKinds) {
  for (const [name, cases] of Object.entries(asked)) {
    describe(`answers from tables-${name}, from ${kind}, are those of a real xcatd`, () => {
      let server: TestServer;
      let folder: string;
      let backEnd: BackEnd;
      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), "statelite-tables-"));
        const csv = join(folder, "tables");
        await cp(join(golden, `tables-${name}`), csv, { recursive: true });
        backEnd = await openBackEnd(kind, csv);
        server = await startServer(backEnd.argument, reverseNames, "--allow-cmd");
      });
      afterAll(async () => {
        await server.stop();
        await backEnd.close();
        await rm(folder, { recursive: true });
      });

      for (const { name: what, source, request, response } of cases) {
        test(what, async () => {
          expect(await ask(server, source, request)).toBe(differences[what] ?? response);
        });
      }
    });
  }
}

describe("the install monitor answers as a real one", () => {
  let server: TestServer;
  let tables: string;
  beforeAll(async () => {
    // A copy: statuses are written to it.
    tables = await mkdtemp(join(tmpdir(), "statelite-tables-"));
    await cp(join(golden, "tables-baseline"), tables, { recursive: true });
    server = await startServer(tables, reverseNames);
  });
  afterAll(async () => {
    await server.stop();
    await rm(tables, { recursive: true });
  });

  for (const { name, source, exchange } of protocol.port3002) {
    test(name, async () => {
      const [first, client, second] = exchange.map(([, text]) => text);
      invariant(first !== undefined && client !== undefined && second !== undefined);
      expect(await talkToMonitor(server, source, client)).toEqual([first, second]);
    });
  }

  test("a node sets its own status, whoever it names, and only in words that xCAT has", async () => {
    const statuses = async () => {
      const nodelist = await readFile(join(tables, "nodelist.csv"), "latin1");
      return [...nodelist.matchAll(/^"(\w+)","[^"]*",(?:"([^"]*)")?,/gm)].map(([, node, word = ""]) => [
        node,
        word,
      ]);
    };
    const others = (await statuses()).filter(([node]) => node !== "n07");
    await talkToMonitor(server, "127.0.0.9", "installstatus booted n01\n");
    await talkToMonitor(server, "127.0.0.9", 'installstatus ","evil\n');
    await talkToMonitor(server, "127.0.0.9", "installstatus\n");
    expect(await statuses()).toContainEqual(["n07", "booted"]);
    expect((await statuses()).filter(([node]) => node !== "n07")).toEqual(others);
  });

  test("a line may end with all that a client says", async () => {
    expect(await talkToMonitor(server, "127.0.0.9", "installstatus booting")).toEqual(["ready\n", "done\n"]);
    expect(await logs(server, "monitor: n07: booting")).toBe(true);
  });

  test("the status of a node is in the log, and once it says done in the nodelist table", async () => {
    await talkToMonitor(server, "127.0.0.9", "installstatus failed\n");
    expect(await logs(server, "monitor: n07: failed")).toBe(true);
    const nodelist = await readFile(join(tables, "nodelist.csv"), "latin1");
    expect(nodelist).toMatch(/^"n07","all,compute","failed","[-\d]{10} [:\d]{8}",,,,,,,,,$/m);
  });
});
