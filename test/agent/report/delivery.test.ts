import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import { BootLog } from "../../../agent/log.ts";
import { ReportDelivery } from "../../../agent/report/delivery.ts";
import { ReportBuilder } from "../../../agent/report/report.ts";
import { http } from "../../server-stub/support/http.ts";
import { startServer, type TestServer } from "../../server-stub/support/server.ts";
import { servePlain } from "../xcat/server.ts";

let server: TestServer;
let folder: string;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-delivery-"));
  const tables = join(import.meta.dir, "../../golden/xcatd/tables-baseline");
  const options = ["--http", "127.0.0.1:0", "--reports", join(folder, "kept")];
  server = await startServer(tables, { "127.0.0.1": "n01" }, ...options);
  ca = await Bun.file(join(server.directory, "ca.pem")).text();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function reportOf(node: string): string {
  const report = new ReportBuilder("1.0.0");
  report.identify({ node, image: "10.0.0.1:/image" });
  return JSON.stringify(report.build(false));
}

/** What is on the console after a report was to be sent there. */
async function deliver(servers: readonly ServerAddress[], text: string, node?: string): Promise<string[]> {
  const lines: string[] = [];
  const log = new BootLog({ console: (line) => lines.push(line), now: () => 0, verbose: false });
  const delivery = new ReportDelivery(log);
  const resolve = () => Promise.reject(new Error("NXDOMAIN"));
  delivery.begin({ servers, trust: { mode: "verify", ca }, resolve, ...(node !== undefined && { node }) });
  await delivery.deliver(text, undefined);
  return lines;
}

const at = (port: number, host = "127.0.0.1"): ServerAddress => ({
  protocol: "json",
  url: `https://${host}:${port}/`,
});
const last = async () => (await http(server, "/v1/nodes/n01/report")).body;

test("a report goes to the first server that takes it", async () => {
  const text = reportOf("n01");
  expect(await deliver([at(1), at(9, "nowhere"), at(server.httpPort)], text, "n01")).toEqual([]);
  expect(await last()).toBe(text);
});

test("also of a node that does not know its name", async () => {
  const text = reportOf("n01.cluster.test");
  expect(await deliver([at(server.httpPort)], text)).toEqual([]);
  expect(await last()).toBe(text);
});

test("where nobody takes it, that is a line for each server and nothing more", async () => {
  await using silent = await servePlain(() => {});
  const lines = await deliver([at(silent.endpoint.port), at(1), at(server.httpPort)], reportOf("n02"), "n01");
  expect(lines).toHaveLength(1);
  for (const why of ["said nothing for", "no connection", "this is a report of n02, not of n01"])
    expect(lines[0]).toContain(why);
});

test("a server that keeps no reports is no failure, and the next one is tried", async () => {
  const tables = join(import.meta.dir, "../../golden/xcatd/tables-baseline");
  const without = await startServer(tables, { "127.0.0.1": "n01" }, "--http", "127.0.0.1:0");
  const trusted = ca;
  try {
    ca = await Bun.file(join(without.directory, "ca.pem")).text();
    expect(await deliver([at(without.httpPort)], reportOf("n01"), "n01")).toEqual([]);
    ca += trusted;
    const text = reportOf("n01.after");
    expect(await deliver([at(without.httpPort), at(server.httpPort)], text, "n01")).toEqual([]);
    expect(await last()).toBe(text);
  } finally {
    ca = trusted;
    await without.stop();
  }
});

test("xcatd is not asked to take it", async () => {
  await using xcatd = await servePlain(() => {
    throw new Error("asked");
  });
  const { port } = xcatd.endpoint;
  expect(await deliver([{ protocol: "xcatd", host: "127.0.0.1", port }], reportOf("n01"))).toEqual([]);
});
