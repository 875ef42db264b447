import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Report, reportSchema } from "../../../agent/report/schema.ts";
import { ReportStore } from "../../../server-stub/http/report-store.ts";
import { collectText, type HttpOptions, http, openHttp, readAnswers } from "../support/http.ts";
import { startServer, type TestServer } from "../support/server.ts";

const golden = join(import.meta.dir, "../../golden/xcatd");
const n01: HttpOptions = { source: "127.0.0.11" };
const JSON_TYPE = { "Content-Type": "application/json" };

const report = (more: Partial<Report> = {}): string =>
  JSON.stringify({
    ...{ schema: 1, agent: "1.0.0", node: "n01", ok: true, phases: [], sources: [], entries: [], ops: [] },
    ...{ problems: [], totals: { entries: 0, ops: 0, bytes: 0, files: 0, problems: 0 } },
    ...more,
  } satisfies Report);

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-reports-"));
  const names = { "127.0.0.11": "n01", "127.0.0.12": "n02" };
  const options = ["--http", "127.0.0.1:0", "--http-plain", "127.0.0.1:0", "--reports", join(folder, "kept")];
  server = await startServer(join(golden, "tables-baseline"), names, ...options);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const post = (body: string, options: HttpOptions = n01, node = "n01") =>
  http(server, `/v1/nodes/${node}/report`, { headers: JSON_TYPE, ...options, method: "POST", body });
const get = (node: string, options: HttpOptions = n01) => http(server, `/v1/nodes/${node}/report`, options);

test("a report is kept, and given back to its node and to whom the policy names", async () => {
  expect((await get("n02", { source: "127.0.0.12" })).status).toBe(404);
  const sent = report({ agent: "1.2.3" });
  const { status, body } = await post(sent);
  expect(status).toBe(201);
  expect(await readdir(join(folder, "kept", "n01"))).toContain(JSON.parse(body).kept);
  for (const options of [n01, { certificate: "root" }]) {
    const last = await get("n01", options);
    expect(last.body).toBe(sent);
    const again = await get("n01", { ...options, headers: { "If-None-Match": last.headers["etag"] ?? "" } });
    expect(again.status).toBe(304);
  }
  expect((await get("n01", { source: "127.0.0.12" })).status).toBe(403);
});

test("the same once more is no other report", async () => {
  const sent = report({ agent: "again" });
  const [first, second] = [await post(sent), await post(sent)];
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body).toBe(first.body);
});

test("a client that asks before it sends is told to go on", async () => {
  const socket = await openHttp(server, n01);
  const text = collectText(socket);
  const sent = report({ agent: "patient" });
  socket.write(
    `POST /v1/nodes/-/report HTTP/1.1\r\nHost: mn\r\nExpect: 100-continue\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${sent.length}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once("data", resolve));
  socket.write(sent);
  expect(readAnswers(await text).map(({ status }) => status)).toEqual([100, 201]);
});

test("a large report comes through, with TLS and without", async () => {
  const problems = Array.from({ length: 20_000 }, (_, i) => ({
    ...{
      class: "note" as const,
      code: "x",
      doing: "d",
      on: `/some/path/that/is/long/${i}`,
      found: "f",
      remedy: "r",
    },
  }));
  const sent = report({ problems });
  expect(sent.length).toBeGreaterThan(1_500_000);
  for (const plain of [true, false]) {
    expect((await post(sent, { ...n01, plain })).status).toBeLessThan(202);
    expect((await get("n01", { ...n01, plain })).body).toBe(sent);
  }
});

describe("what is refused", () => {
  const length = (bytes: number) => ({ headers: { ...JSON_TYPE, "Content-Length": String(bytes) } });
  // biome-ignore format: one case a line
  const cases: readonly [rule: string, body: string, options: HttpOptions, status: number, kind: string][] = [
    ["another node's, by its address", report(), { source: "127.0.0.12" }, 403, "other-node"],
    ["another node's, by an administrator", report(), { certificate: "root" }, 403, "unknown-node"],
    ["one that says it is another node's", report({ node: "n02" }), n01, 422, "invalid-report"],
    ["what is no JSON", "ok", n01, 400, "bad-request"],
    ["what is no report", '{"schema":1}', n01, 422, "invalid-report"],
    ["what has more than a report has", report().replace("{", '{"more":1,'), n01, 422, "invalid-report"],
    ["another type", report(), { ...n01, headers: { "Content-Type": "text/plain" } }, 415, "media-type"],
    ["no type", report(), { ...n01, headers: {} }, 415, "media-type"],
    ["a packed one", report(), { ...n01, headers: { ...JSON_TYPE, "Content-Encoding": "gzip" } }, 415, "media-type"],
    ["too large a one, before it is sent", "", { ...n01, ...length(16 * 1024 * 1024 + 1) }, 413, "too-large"],
  ];
  test.each(cases)("%s", async (_rule, body, options, status, kind) => {
    const answer = await post(body, options);
    expect([answer.status, JSON.parse(answer.body).type]).toEqual([status, `urn:statelite:problem:${kind}`]);
  });

  test("what is wrong with a report is said with its path", async () => {
    const { body } = await post(report({ phases: [{ name: "cmdline", start: "now" as unknown as number }] }));
    expect(JSON.parse(body).errors).toEqual([
      { path: "phases.0.start", message: expect.stringContaining("number") },
    ]);
  });

  test("a body that ends early", async () => {
    const socket = await openHttp(server, { ...n01, plain: true });
    const text = collectText(socket);
    socket.write(
      `POST /v1/nodes/n01/report HTTP/1.1\r\nHost: mn\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}`,
    );
    socket.end();
    expect(readAnswers(await text)[0]?.status).toBe(400);
  });
});

describe("the folder", () => {
  test("keeps only the last reports of a node, by their number and their size", async () => {
    const place = join(folder, "bounded");
    const store = await new ReportStore(place, { count: 3, bytes: 1000 }).open();
    for (let i = 0; i < 6; i++) await store.keep("n01", `small ${i}`);
    expect(await readdir(join(place, "n01"))).toHaveLength(3);
    expect(await store.last("n01")).toBe("small 5");
    await store.keep("n01", "large".repeat(150));
    await store.keep("n01", "large".repeat(151));
    expect(await readdir(join(place, "n01"))).toHaveLength(1);
    await store.keep("n01", "huge".repeat(1000));
    expect(await store.last("n01")).toStartWith("huge");
    expect(await readdir(join(place, "n01"))).toHaveLength(1);
  });

  test("holds nothing of who is called like another folder", async () => {
    const store = await new ReportStore(join(folder, "kept")).open();
    for (const node of ["..", "../kept", "n01/..", ""])
      await expect(store.keep(node, "x")).rejects.toThrow("no name for a folder");
  });

  test("is shared by any number of servers", async () => {
    const place = join(folder, "shared");
    const stores = await Promise.all(
      [1, 2, 3].map(() => new ReportStore(place, { count: 4, bytes: 1000 }).open()),
    );
    await Promise.all(stores.flatMap((store, s) => [1, 2, 3, 4].map((i) => store.keep("n01", `${s} ${i}`))));
    await stores[0]?.keep("n01", "last");
    expect(await readdir(join(place, "n01"))).toHaveLength(4);
  });
});

test("what the server gives back is a report as its schema has it", async () => {
  await post(report());
  expect(reportSchema.parse(JSON.parse((await get("n01")).body)).node).toBe("n01");
});
