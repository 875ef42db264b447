import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { queryTables } from "../../agent/xcat/client.ts";
import { type BackEnd, openBackEnd } from "../../qemu/back-ends.ts";
import { requestBy, World } from "../agent/xcat/world.ts";
import { startServer, type TestServer } from "./support/server.ts";

let folder: string;
let backEnd: BackEnd;
let servers: readonly [TestServer, TestServer];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-tables-"));
  const csv = join(folder, "tables");
  await cp(join(import.meta.dir, "../golden/xcatd/tables-baseline"), csv, { recursive: true });
  backEnd = await openBackEnd("pg", csv);
  const start = (): Promise<TestServer> => startServer(backEnd.argument, { "127.0.0.1": "n01.cluster.test" });
  servers = await Promise.all([start(), start()]);
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await backEnd.close();
  await rm(folder, { recursive: true });
});

/** What the agent is told by `XCAT=a:3001,b:3001`, and its log. */
async function ask() {
  const ca = servers.map(({ directory }) => readFileSync(join(directory, "ca.pem"), "utf8")).join("");
  const addresses = servers.map(({ port }) => ({ protocol: "xcatd", host: "127.0.0.1", port }) as const);
  const world = new World();
  const told = await queryTables(requestBy(ca)(addresses), world);
  return {
    rows: [told.node, told.litefile, told.litetree],
    log: world.log.lines.map(({ text }) => text).join("\n"),
  };
}

test("of two servers on one database the second tells a node the same when the first has died", async () => {
  const [first, second] = servers;
  const before = await ask();
  expect(before.log).toContain(`127.0.0.1:${first.port} (xcatmn) answered for n01: 26 litefile`);
  process.kill(first.pid, "SIGKILL");
  const after = await ask();
  expect(after.log).toContain(`127.0.0.1:${second.port} (xcatmn) answered for n01: 26 litefile`);
  expect(after.rows).toEqual(before.rows);
});
