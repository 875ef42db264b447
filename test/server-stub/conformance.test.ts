import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import invariant from "tiny-invariant";
import { loadTables } from "../../qemu/postgres/load.ts";
import { openPostgres } from "../../qemu/postgres/server.ts";
import baseline from "../golden/xcatd/baseline.json";
import edges from "../golden/xcatd/edges.json";
import protocol from "../golden/xcatd/protocol.json";
import reverseNames from "../golden/xcatd/reverse-dns.json";
import { ask, logs, startServer, type TestServer, talkToMonitor } from "./support/server.ts";
import { makeSqlite } from "./support/sqlite.ts";

const golden = join(import.meta.dir, "../golden/xcatd");

/**
 * Where the answer of a real xcatd is not ours. All else in protocol.json is compared byte for byte.
 *
 * | case | xcatd | here, and why |
 * |---|---|---|
 * | explicit noderange of another node | that node's rows | refused: a node reads its own rows, unless a policy row gives it others' |
 * | not XML, no newline, too short | says nothing, for ever | closes without a byte |
 * | after the answer | open for 15 s and more | closes |
 */
const differences: Readonly<Record<string, string>> = {
  "explicit noderange of another node":
    "<xcatresponse>\n  <error>Permission denied for request</error>\n  <errorcode>1</errorcode>\n  <serverdone></serverdone>\n</xcatresponse>\n",
};

/** Where the same tables are, and how they go. */
interface Located {
  readonly tables: string;
  remove(): Promise<void>;
}

/** The same tables in each of the back ends, as xCAT has them there. */
const sources: Readonly<Record<string, (folder: string) => Promise<Located>>> = {
  CSV: async (folder) => ({ tables: folder, remove: async () => {} }),
  SQLite: async (folder) => {
    const directory = await makeSqlite(folder);
    return { tables: `sqlite:${directory}`, remove: () => rm(directory, { recursive: true }) };
  },
  PostgreSQL: async (folder) => {
    const postgres = await openPostgres();
    const sql = postgres.connect();
    await loadTables(sql, folder);
    await sql.close();
    return { tables: postgres.tables, remove: async () => postgres[Symbol.asyncDispose]() };
  },
};

for (const [kind, locate] of Object.entries(sources)) {
  for (const [name, { cases }] of Object.entries({ baseline, edges })) {
    describe(`rows of tables-${name}, from ${kind}, are those of a real xcatd`, () => {
      let server: TestServer;
      let located: Located;
      beforeAll(async () => {
        located = await locate(join(golden, `tables-${name}`));
        server = await startServer(located.tables, reverseNames, "--allow-cmd");
      });
      afterAll(async () => {
        await server.stop();
        await located.remove();
      });

      for (const { node, source, request, response } of cases) {
        const command = /<command>(\w+)/.exec(request)?.[1];
        test(`${node} ${command}`, async () => {
          expect(await ask(server, source, request)).toBe(response);
        });
      }
    });
  }
}

describe("odd requests are answered as by a real xcatd", () => {
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

  for (const { name, source, request, response } of protocol.port3001) {
    test(name, async () => {
      expect(await ask(server, source, request)).toBe(differences[name] ?? response);
    });
  }

  for (const { name, source, exchange } of protocol.port3002) {
    test(`install monitor: ${name}`, async () => {
      const [first, client, second] = exchange.map(([, text]) => text);
      invariant(first !== undefined && client !== undefined && second !== undefined);
      expect(await talkToMonitor(server, source, client)).toEqual([first, second]);
    });
  }

  test("install monitor: the status of a node is in the log, and once it says done in the nodelist table", async () => {
    await talkToMonitor(server, "127.0.0.9", "installstatus failed\n");
    expect(await logs(server, "monitor: n07: failed")).toBe(true);
    const nodelist = await readFile(join(tables, "nodelist.csv"), "latin1");
    expect(nodelist).toMatch(/^"n07","all,compute","failed","[-\d]{10} [:\d]{8}",,,,,,,,,$/m);
  });
});
