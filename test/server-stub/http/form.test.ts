import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectText, http, openHttp, readAnswers, talk } from "../support/http.ts";
import { logs, startServer, type TestServer } from "../support/server.ts";

const golden = join(import.meta.dir, "../../golden/xcatd");
const names = { "127.0.0.11": "n01", "127.0.0.12": "n02" };

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-http-"));
  await cp(join(golden, "tables-baseline"), folder, { recursive: true });
  // Takes as long as the file named wait is there.
  const command = `while [ -e ${join(folder, "wait")} ]; do sleep 0.05; done; echo /slow`;
  await appendFile(join(folder, "litetree.csv"), `"9","ALL","a:#CMD=${command}#",,,\n`);
  const options = [
    "--http",
    "127.0.0.1:0",
    "--http-plain",
    "127.0.0.1:0",
    "--allow-cmd",
    "--http-limit",
    "2",
    "--reports",
    join(folder, "reports"),
  ];
  server = await startServer(folder, names, ...options, "--request-timeout", "1");
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

describe("a request's form", () => {
  const host = "Host: mn\r\n";
  // biome-ignore format: one case a line
  const cases: readonly [rule: string, request: string, status: number][] = [
    ["another path", `GET /v2 HTTP/1.1\r\n${host}\r\n`, 404],
    ["a path that is longer", `GET /v1/nodes/n01/boot/x HTTP/1.1\r\n${host}\r\n`, 404],
    ["a path of one that goes up", `GET /v1/nodes/../../healthz HTTP/1.1\r\n${host}\r\n`, 404],
    ["percent signs that are no UTF-8", `GET /v1/nodes/%ff/boot HTTP/1.1\r\n${host}\r\n`, 404],
    ["a method that is for nothing here", `DELETE /v1/nodes/n01/boot HTTP/1.1\r\n${host}\r\n`, 405],
    ["a method of one's own", `FETCH /healthz HTTP/1.1\r\n${host}\r\n`, 405],
    ["a method that every object has", `__proto__ /healthz HTTP/1.1\r\n${host}\r\n`, 405],
    ["another one", `constructor /healthz HTTP/1.1\r\n${host}\r\n`, 405],
    ["a method with a bracket", `GE{T /healthz HTTP/1.1\r\n${host}\r\n`, 400],
    ["a query, which is passed over", `GET /healthz?a=b HTTP/1.1\r\n${host}\r\n`, 200],
    ["the absolute form", `GET http://mn:80/healthz HTTP/1.1\r\n${host}\r\n`, 200],
    ["the form of proxies", `CONNECT mn:80 HTTP/1.1\r\n${host}\r\n`, 400],
    ["an empty line before it", `\r\nGET /healthz HTTP/1.1\r\n${host}\r\n`, 200],
    ["HTTP/1.0 without a host", "GET /healthz HTTP/1.0\r\n\r\n", 200],
    ["HTTP/1.1 without a host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
    ["two hosts", `GET /healthz HTTP/1.1\r\n${host}${host}\r\n`, 400],
    ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
    ["HTTP/0.9", "GET /healthz\r\n\r\n", 400],
    ["TLS on the wrong port, or anything", "\x16\x03\x01\x02\x00\r\n\r\n", 400],
    ["a header that goes on in the next line", `GET /healthz HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`, 400],
    ["a blank before the colon", `GET /healthz HTTP/1.1\r\n${host}X : a\r\n\r\n`, 400],
    ["a control character in a header", `GET /healthz HTTP/1.1\r\n${host}X: a\x01\r\n\r\n`, 400],
    ["a head of 17 KB", `GET /healthz HTTP/1.1\r\n${host}X: ${"a".repeat(17_000)}\r\n\r\n`, 431],
    ["a head that does not end", "a".repeat(20_000), 431],
    ["101 header lines", `GET /healthz HTTP/1.1\r\n${host}${"X: a\r\n".repeat(101)}\r\n`, 431],
    ["a length that is no number", `GET /healthz HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
    ["two lengths", `GET /healthz HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 1\r\n\r\n`, 400],
    ["chunks", `GET /healthz HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 411],
  ];
  for (const plain of [true, false]) {
    for (const [rule, request, status] of cases) {
      test(`${rule}: ${status}, ${plain ? "without" : "with"} TLS`, async () => {
        const [answer, ...more] = readAnswers(await talk(server, request, { plain }));
        expect([answer?.status, more]).toEqual([status, []]);
        if (status === 200) return;
        expect(answer?.headers["content-type"]).toBe("application/problem+json");
        expect(JSON.parse(answer?.body ?? "").status).toBe(status);
      });
    }
  }

  test("what is allowed instead is said", async () => {
    const { headers } = await http(server, "/healthz", { method: "PUT" });
    expect(headers["allow"]).toBe("GET, HEAD");
  });

  test("a byte at a time is as good as all at once", async () => {
    const socket = await openHttp(server);
    const text = collectText(socket);
    for (const byte of `GET /healthz HTTP/1.1\r\n${host}\r\n`) {
      socket.write(byte);
      await Bun.sleep(0);
    }
    expect(readAnswers(await text)[0]?.status).toBe(200);
  });

  test("one that never ends is given up", async () => {
    const socket = await openHttp(server, { plain: true });
    const text = collectText(socket);
    socket.write("GET /healthz HTTP/1.1\r\n");
    expect(readAnswers(await text)[0]?.status).toBe(408);
  });

  test("one whose body does not come is given up, and makes room", async () => {
    const socket = await openHttp(server, { plain: true, source: "127.0.0.11" });
    const text = collectText(socket);
    const type = "Content-Type: application/json\r\n";
    socket.write(`POST /v1/nodes/n01/report HTTP/1.1\r\n${host}${type}Content-Length: 100\r\n\r\n{`);
    expect(readAnswers(await text)[0]?.status).toBe(408);
    expect(JSON.parse((await http(server, "/healthz")).body).working).toBe(0);
  });

  test("one of HTTP/1.0 is not told to go on, whatever it expects", async () => {
    const lines = "Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n";
    const socket = await openHttp(server, { plain: true, source: "127.0.0.11" });
    const text = collectText(socket);
    socket.write(`POST /v1/nodes/n01/report HTTP/1.0\r\n${lines}\r\n`);
    expect(readAnswers(await text).map(({ status }) => status)).toEqual([408]);
  });

  test("one that is taken back gets nothing, and a line in the log", async () => {
    const socket = await openHttp(server, { plain: true, source: "127.0.0.77" });
    const text = collectText(socket);
    socket.end("GET /hea");
    expect(await text).toBe("");
    expect(await logs(server, "127.0.0.77: left without a request")).toBe(true);
  });
});

describe("more than can be worked on", () => {
  test("is told when to come again, and what is being worked on is not disturbed", async () => {
    await Bun.write(join(folder, "wait"), "");
    const boot = (node: string, source: string) => http(server, `/v1/nodes/${node}/boot`, { source });
    const slow = [boot("n01", "127.0.0.11"), boot("n02", "127.0.0.12")];
    const working = async () => JSON.parse((await http(server, "/healthz")).body || "{}").working;
    for (let tries = 0; tries < 100 && (await working()) !== 2; tries++) await Bun.sleep(20);
    const refused = await boot("n01", "127.0.0.11");
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toMatch(/^[1-9]$/);
    await rm(join(folder, "wait"));
    for (const answer of await Promise.all(slow)) {
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('"/slow"');
    }
  });

  test("reports that do not come keep no other node from being told what to boot", async () => {
    const post = async (length: number) => {
      const socket = await openHttp(server, { source: "127.0.0.11" });
      const text = collectText(socket);
      const lines = `Host: mn\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n`;
      socket.write(`POST /v1/nodes/n01/report HTTP/1.1\r\n${lines}\r\n{`);
      return text;
    };
    const working = async () => JSON.parse((await http(server, "/healthz")).body).working;
    const [first, second] = [post(100), post(100)];
    for (let tries = 0; tries < 100 && (await working()) !== 2; tries++) await Bun.sleep(20);
    expect((await http(server, "/v1/nodes/n02/boot", { source: "127.0.0.12" })).status).toBe(200);
    expect(readAnswers(await post(100))[0]?.status).toBe(503);
    for (const text of [first, second]) expect(readAnswers(await text)[0]?.status).toBe(408);
    // The largest is as much as 16 usual ones, and comes when nobody else is there.
    const large = post(16 * 1024 * 1024);
    for (let tries = 0; tries < 100 && (await working()) !== 1; tries++) await Bun.sleep(20);
    expect(readAnswers(await post(100))[0]?.status).toBe(503);
    expect(readAnswers(await large)[0]?.status).toBe(408);
  });
});
