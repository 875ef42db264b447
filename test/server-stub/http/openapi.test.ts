import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ReportBuilder } from "../../../agent/report/report.ts";
import document from "../../../server-stub/http/openapi.json" with { type: "json" };
import { openApi } from "../../../server-stub/http/openapi.ts";
import { routes } from "../../../server-stub/http/routes.ts";
import {
  collectText,
  type HttpOptions,
  http,
  openHttp,
  type RawAnswer,
  readAnswers,
} from "../support/http.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** The document in the repository, against the schemas it is made of and against a running server. */

test("openapi.json is that of openapi.ts; otherwise run bun server-stub/http/write-openapi.ts", () => {
  expect(document).toEqual(JSON.parse(JSON.stringify(openApi)));
});

test("it has every path and method that the server has, and no other", () => {
  const served = routes.map(({ path, methods }) => [
    path,
    Object.keys(methods)
      .map((m) => m.toLowerCase())
      .sort(),
  ]);
  const described = Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item).sort()]);
  expect(described).toEqual(served);
});

const golden = join(import.meta.dir, "../../golden/xcatd");
const TOKEN = "correct-horse-battery-staple";
const names = { "127.0.0.11": "n01", "127.0.0.12": "n02", "127.0.0.13": "n03", "127.0.0.14": "n04" };

let server: TestServer;
let without: TestServer;
let folder: string;
const wait = () => join(folder, "wait");
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-openapi-"));
  await cp(join(golden, "tables-baseline"), join(folder, "tables"), { recursive: true });
  const command = `while [ -e ${wait()} ]; do sleep 0.05; done; echo /slow`;
  await appendFile(join(folder, "tables", "litetree.csv"), `"9","ALL","a:#CMD=${command}#",,,\n`);
  await Bun.write(join(folder, "tokens"), `n01 ${TOKEN}\n`);
  // A folder that is none, so that keeping this node's reports fails.
  await mkdir(join(folder, "reports"));
  await Bun.write(join(folder, "reports", "n04"), "");
  const http = ["--http", "127.0.0.1:0", "--http-plain", "127.0.0.1:0", "--request-timeout", "1"];
  const more = ["--reports", join(folder, "reports"), "--tokens", join(folder, "tokens")];
  server = await startServer(
    join(folder, "tables"),
    names,
    ...http,
    ...more,
    "--allow-cmd",
    "--http-limit",
    "1",
  );
  without = await startServer(join(golden, "tables-baseline"), names, ...http);
});
afterAll(async () => {
  await Promise.all([server.stop(), without.stop()]);
  await rm(folder, { recursive: true });
});

const report = (agent: string) => JSON.stringify({ ...new ReportBuilder(agent).build(true) });
const from = (node: string): HttpOptions => ({ source: `127.0.0.1${node.slice(-1)}` });
const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const JSON_TYPE = { "Content-Type": "application/json" };
const post = (body: string, more: HttpOptions = from("n01")): HttpOptions => ({
  ...more,
  method: "POST",
  body,
  headers: { ...JSON_TYPE, ...more.headers },
});

/** While somebody else is being worked on, who is the only one that may be. */
async function whileBusy(act: () => Promise<RawAnswer>): Promise<RawAnswer> {
  await Bun.write(wait(), "");
  const other = http(server, "/v1/nodes/n02/boot", from("n02"));
  const working = async () => JSON.parse((await http(server, "/healthz")).body).working;
  for (let tries = 0; tries < 100 && (await working()) !== 1; tries++) await Bun.sleep(20);
  const answer = await act();
  await rm(wait());
  await other;
  return answer;
}

/** The same for reports, which have a place of their own: another one's does not come. */
async function whileTaking(act: () => Promise<RawAnswer>): Promise<RawAnswer> {
  const socket = await openHttp(server, { plain: true, ...from("n02") });
  const closed = collectText(socket);
  const lines = "Host: mn\r\nContent-Type: application/json\r\nContent-Length: 100\r\n";
  socket.write(`POST /v1/nodes/n02/report HTTP/1.1\r\n${lines}\r\n{`);
  const working = async () => JSON.parse((await http(server, "/healthz")).body).working;
  for (let tries = 0; tries < 100 && (await working()) !== 1; tries++) await Bun.sleep(20);
  const answer = await act();
  socket.destroy();
  await closed;
  while ((await working()) !== 0) await Bun.sleep(20);
  return answer;
}

async function half(path: string): Promise<RawAnswer> {
  const socket = await openHttp(server, { plain: true });
  const text = collectText(socket);
  socket.write(`GET ${path} HTTP/1.1\r\n`);
  const [answer] = readAnswers(await text);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

const BOOT = "/v1/nodes/{node}/boot";
const REPORT = "/v1/nodes/{node}/report";

/** Each row is one request, and which of the document's answers it gets. */
// biome-ignore format: one case a line
const cases: readonly [path: string, method: "get" | "post", answer: string, ask: () => Promise<RawAnswer>][] = [
  ["/healthz", "get", "200", () => http(server, "/healthz")],
  ["/healthz", "get", "default", () => half("/healthz")],
  [BOOT, "get", "200", () => http(server, "/v1/nodes/n01/boot", from("n01"))],
  [BOOT, "get", "304", () => http(server, "/v1/nodes/-/boot", { ...from("n01"), headers: { "If-None-Match": "*" } })],
  [BOOT, "get", "401", () => http(server, "/v1/nodes/n01/boot", bearer("wrong"))],
  [BOOT, "get", "403", () => http(server, "/v1/nodes/n02/boot", from("n01"))],
  [BOOT, "get", "404", () => http(server, "/v1/nodes/n99/boot", { certificate: "root" })],
  [BOOT, "get", "409", () => http(server, "/v1/nodes/n03/boot", from("n03"))],
  [BOOT, "get", "503", () => whileBusy(() => http(server, "/v1/nodes/n01/boot", from("n01")))],
  [BOOT, "get", "default", () => http(server, "/v1/nodes/n01/boot", { headers: { "Transfer-Encoding": "chunked" } })],
  [REPORT, "post", "201", () => http(server, "/v1/nodes/n01/report", post(report("1"), bearer(TOKEN)))],
  [REPORT, "post", "200", () => http(server, "/v1/nodes/n01/report", post(report("1")))],
  [REPORT, "post", "401", () => http(server, "/v1/nodes/n01/report", post(report("1"), bearer("wrong")))],
  [REPORT, "post", "403", () => http(server, "/v1/nodes/n01/report", post(report("1"), from("n02")))],
  [REPORT, "post", "404", () => http(without, "/v1/nodes/n01/report", post(report("1")))],
  [REPORT, "post", "413", () => http(server, "/v1/nodes/n01/report", post("", { ...from("n01"), headers: { "Content-Length": "99999999" } }))],
  [REPORT, "post", "415", () => http(server, "/v1/nodes/n01/report", post("a", { ...from("n01"), headers: { "Content-Type": "text/plain" } }))],
  [REPORT, "post", "422", () => http(server, "/v1/nodes/n01/report", post('{"schema":1}'))],
  [REPORT, "post", "503", () => whileTaking(() => http(server, "/v1/nodes/n01/report", post(report("1"))))],
  [REPORT, "post", "default", () => http(server, "/v1/nodes/n04/report", post(report("1"), from("n04")))],
  [REPORT, "get", "200", () => http(server, "/v1/nodes/n01/report", from("n01"))],
  [REPORT, "get", "304", () => http(server, "/v1/nodes/n01/report", { ...from("n01"), headers: { "If-None-Match": "*" } })],
  [REPORT, "get", "401", () => http(server, "/v1/nodes/n01/report", bearer("wrong"))],
  [REPORT, "get", "403", () => http(server, "/v1/nodes/n01/report", from("n02"))],
  [REPORT, "get", "404", () => http(server, "/v1/nodes/n02/report", from("n02"))],
  [REPORT, "get", "503", () => whileTaking(() => http(server, "/v1/nodes/n01/report", from("n01")))],
  [REPORT, "get", "default", () => half("/v1/nodes/n01/report")],
];

interface Described {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
}

function describedAs(path: string, method: string, answer: string): Described {
  const paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Readonly<Record<string, Described>> }>>>
  > = document.paths;
  const found = paths[path]?.[method]?.responses[answer];
  if (found === undefined) throw new Error(`openapi.json has no ${answer} of ${method} ${path}`);
  return found;
}

/** The document's own schema, not the one that it was made of. */
function schemaOf(reference: string): z.ZodType {
  const name = reference.replace("#/components/schemas/", "");
  const all: Readonly<Record<string, unknown>> = document.components.schemas;
  return z.fromJSONSchema(all[name] as Parameters<typeof z.fromJSONSchema>[0]);
}

describe("every answer that it describes is one that the server gives", () => {
  for (const [path, method, status, ask] of cases) {
    test(`${method} ${path}: ${status}`, async () => {
      const answer = await ask();
      if (status !== "default") expect(String(answer.status)).toBe(status);
      else expect([408, 411, 500]).toContain(answer.status);
      const { headers = {}, content = {} } = describedAs(path, method, status);
      for (const name of Object.keys(headers)) expect(answer.headers).toHaveProperty(name.toLowerCase());
      const [described] = Object.entries(content);
      expect(answer.headers["content-type"]).toBe(described?.[0]);
      if (described === undefined) expect(answer.body).toBe("");
      else
        expect(schemaOf(described[1].schema.$ref).safeParse(JSON.parse(answer.body)).error).toBeUndefined();
    });
  }

  test("and none is left out", () => {
    const described = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method} ${path} ${status}`),
      ),
    );
    expect(cases.map(([path, method, status]) => `${method} ${path} ${status}`).sort()).toEqual(
      described.sort(),
    );
  });

  test("the schemas in it refuse what is none", () => {
    for (const name of Object.keys(document.components.schemas))
      expect(schemaOf(`#/components/schemas/${name}`).safeParse({ schema: 2 }).success).toBe(false);
  });
});
