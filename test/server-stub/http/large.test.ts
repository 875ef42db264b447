import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBootDocument } from "../../../agent/xcat/document.ts";
import { collectText, http, openHttp, readAnswers } from "../support/http.ts";
import { startServer, type TestServer } from "../support/server.ts";

const ROWS = 60_000;
const n01 = { source: "127.0.0.11" };

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-large-"));
  await cp(join(import.meta.dir, "../../golden/xcatd/tables-baseline"), folder, { recursive: true });
  const rows = Array.from({ length: ROWS }, (_, n) => `"ALL","/srv/${"d".repeat(80)}/${n}","tmpfs",,\n`);
  await Bun.write(join(folder, "litefile.csv"), `#image,file,options,comments,disable\n${rows.join("")}`);
  server = await startServer(
    folder,
    { "127.0.0.11": "n01" },
    "--http",
    "127.0.0.1:0",
    "--http-plain",
    "127.0.0.1:0",
  );
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

for (const plain of [true, false]) {
  test(`a document of megabytes comes whole, ${plain ? "without" : "with"} TLS, also to who reads slowly`, async () => {
    const { body } = await http(server, "/v1/nodes/n01/boot", { ...n01, plain });
    const document = readBootDocument(Buffer.from(body));
    expect(document.litefile).toHaveLength(ROWS + 1);
    const socket = await openHttp(server, { ...n01, plain });
    const text = collectText(socket);
    socket.write("GET /v1/nodes/n01/boot HTTP/1.1\r\nHost: mn\r\n\r\n");
    for (let pauses = 0; pauses < 5; pauses++) {
      socket.pause();
      await Bun.sleep(40);
      socket.resume();
      await Bun.sleep(5);
    }
    expect(readAnswers(await text)[0]?.body).toBe(body);
  });
}

test("who leaves in the middle of it takes nobody along", async () => {
  for (let clients = 0; clients < 20; clients++) {
    const socket = await openHttp(server, n01);
    socket.write("GET /v1/nodes/n01/boot HTTP/1.1\r\nHost: mn\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
  }
  expect(JSON.parse((await http(server, "/healthz")).body).working).toBe(0);
});
