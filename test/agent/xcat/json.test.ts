import { describe, expect, test } from "bun:test";
import { TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import type { BootDocument } from "../../../agent/xcat/boot-document.ts";
import { queryTables } from "../../../agent/xcat/client.ts";
import { DOCUMENT_LIMITS } from "../../../agent/xcat/document-limits.ts";
import { makeCertificates } from "./certificates.ts";
import { baseline, goldenAnswer } from "./golden.ts";
import { type Behaviour, servePlain, serveTls, type TestServer } from "./server.ts";
import { problemsOf, requestBy, World } from "./world.ts";

const certificates = makeCertificates();
const { good } = certificates;

const document: BootDocument = {
  schema: 1,
  node: "n01",
  image: "compute",
  litefile: [{ options: "link,ro", path: "/etc/ümläut" }],
  litetree: [
    { server: "10.0.0.1", directory: "/syncdirs/n01", mountOptions: "soft" },
    { server: "10.0.0.1", directory: "/syncdirs/../etc", mountOptions: "" },
    { server: "10.0.0.1", directory: "/half", mountOptions: "", error: "nosuch does not exist" },
    { server: "10.0.0.1", directory: "/UNDEFINED", mountOptions: "" },
  ],
  state: { location: "10.0.0.1:/lite", mountOptions: "soft" },
};

type Body = string | Uint8Array;

function answerBytes(status: number, body: Body, headers: Readonly<Record<string, string>> = {}): Buffer {
  const bytes = Buffer.from(body as string);
  const lines = Object.entries({ "Content-Length": String(bytes.length), ...headers });
  const head = `HTTP/1.1 ${status} Whatever\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Once the head is whole, which is one line to the server of these tests. */
const answering =
  (status: number, body: Body, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (socket) =>
    socket.write(answerBytes(status, body, headers));

const serveDocument = answering(200, JSON.stringify(document));
const problem = (kind: string, detail: string) =>
  [
    JSON.stringify({ type: `urn:statelite:problem:${kind}`, detail }),
    { "Content-Type": "application/problem+json" },
  ] as const;

const addressOf = ({ endpoint }: TestServer, path = "/", host = "127.0.0.1"): ServerAddress => ({
  protocol: "json",
  url: `https://${host}:${endpoint.port}${path}`,
});

const requestTo = requestBy(certificates.ca);

test("a boot document is the tables, and what else one boot has to be told", async () => {
  await using server = await serveTls(good, serveDocument);
  const told = await queryTables(requestTo([addressOf(server)], { node: "n01" }), new World());
  expect(told.node).toBe("n01");
  expect(told.litefile).toEqual(document.litefile);
  expect(told.litetree.map(({ directory }) => directory)).toEqual(["/syncdirs/n01", "/UNDEFINED"]);
  expect(told.problems.map(({ class: kind, on }) => [kind, on])).toEqual([
    ["source", "10.0.0.1:/syncdirs/../etc"],
    ["source", "10.0.0.1:/half"],
    ["note", "10.0.0.1:/UNDEFINED"],
  ]);
  expect(told.rest).toEqual({
    image: "compute",
    state: { location: "10.0.0.1:/lite", mountOptions: "soft" },
  });
  await server.idle();
});

describe("the request", () => {
  const cases: readonly [rule: string, path: string, node: string | undefined, line: string][] = [
    ["names the node", "/", "n01", "GET /v1/nodes/n01/boot HTTP/1.1"],
    [
      "stands below the path of the address",
      "/cluster/a",
      "n01",
      "GET /cluster/a/v1/nodes/n01/boot HTTP/1.1",
    ],
    ["says - for a node without a name", "/", undefined, "GET /v1/nodes/-/boot HTTP/1.1"],
  ];
  test.each(cases)("%s", async (_rule, path, node, line) => {
    await using server = await serveTls(good, serveDocument);
    await queryTables(requestTo([addressOf(server, path)], node === undefined ? {} : { node }), new World());
    expect(server.requests[0]?.split("\r\n")).toEqual(
      expect.arrayContaining([line, `Host: 127.0.0.1:${server.endpoint.port}`, "Connection: close"]),
    );
  });
});

describe("a token", () => {
  const token = "correct-horse-battery-staple";

  test("is told to a server that has proved who it is", async () => {
    await using server = await serveTls(good, serveDocument);
    const trust = { mode: "verify", ca: certificates.ca, token } as const;
    await queryTables(requestTo([addressOf(server)], { trust }), new World());
    expect(server.requests[0]).toContain(`\r\nAuthorization: Bearer ${token}\r\n`);
  });

  test("to no other", async () => {
    await using server = await serveTls(certificates.expired, serveDocument);
    const trust = { mode: "verify", ca: certificates.ca, token } as const;
    await problemsOf(queryTables(requestTo([addressOf(server)], { trust }), new World()));
    expect(server.requests).toEqual([]);
  });
});

describe("answers that are packed", () => {
  const packed = { "Content-Encoding": "gzip" };

  test("are unpacked", async () => {
    await using server = await serveTls(good, answering(200, gzipSync(JSON.stringify(document)), packed));
    expect((await queryTables(requestTo([addressOf(server)]), new World())).node).toBe("n01");
  });

  // biome-ignore format: one case a line
  const cases: readonly [rule: string, body: Body, headers: Record<string, string>, code: string, found: RegExp][] = [
    ["not to more than a node takes", gzipSync(Buffer.alloc(DOCUMENT_LIMITS.bytes + 1)), packed, "query-too-large", /becomes larger than 16777216/],
    ["not where they are none", "nothing", packed, "query-protocol", /says gzip and is none/],
    ["not in another way", "x", { "Content-Encoding": "br" }, "query-protocol", /packed as "br"/],
  ];
  test.each(cases)("%s", async (_rule, body, headers, code, found) => {
    await using server = await serveTls(good, answering(200, body, headers));
    const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), new World()));
    expect(problems).toMatchObject([{ code, found: expect.stringMatching(found) }]);
  });
});

/** A server that always does so; the problem's code, how often it is asked, and what is found. */
// biome-ignore format: one case a line
const final: readonly [rule: string, behave: Behaviour, code: string, attempts: number, found: RegExp][] = [
  ["a node that the server does not know", answering(403, ...problem("unknown-node", "the address has no name")), "query-unknown-node", 3, /the address has no name.*; its address 127\.0\.0\.1 has the reverse name name-of-127\.0\.0\.1/],
  ["another node's name", answering(403, ...problem("other-node", "this node is n02")), "query-other-node", 1, /this node is n02/],
  ["a node without an image", answering(409, ...problem("no-image", "n01 does not have os")), "query-no-image", 3, /n01 does not have os/],
  ["a refusal", answering(403, ...problem("refused", "Permission denied")), "query-refused", 3, /Permission denied/],
  ["a certificate that is refused", answering(403, ...problem("certificate", "client certificate refused: CERT_HAS_EXPIRED")), "query-refused", 3, /CERT_HAS_EXPIRED/],
  ["a token that is none", answering(401, ...problem("unauthorized", "this is no token")), "query-refused", 3, /no token/],
  ["a path that is none", answering(404, "<h1>Not Found"), "query-error-reply", 3, /answers with status 404/],
  ["a mistake of the server's", answering(500, "oops"), "query-error-reply", 3, /status 500/],
  ["a redirect", answering(302, "", { Location: "https://elsewhere/" }), "query-protocol", 1, /redirects to https:\/\/elsewhere\/, which is not followed/],
  ["a page for people", answering(200, "<html>"), "query-protocol", 1, /no boot document: it is no JSON/],
  ["another document", answering(200, '{"schema":1}'), "query-protocol", 1, /node is missing/],
  ["a document of another node", answering(200, JSON.stringify({ ...document, node: "n02" })), "query-other-node", 1, /takes this node for n02/],
  ["no HTTP", (socket) => socket.write("220 ready\r\n"), "query-protocol", 1, /no answer of HTTP/],
];

test.each(final)("%s ends the asking before the time is up", async (_rule, behave, code, attempts, found) => {
  await using server = await serveTls(good, behave);
  const world = new World();
  const request = requestTo([addressOf(server)], { node: "n01" });
  const problems = await problemsOf(queryTables(request, world));
  expect(problems).toMatchObject([{ class: "fatal", code, found: expect.stringMatching(found) }]);
  expect(problems[0]?.on).toBe(`https://127.0.0.1:${server.endpoint.port}/`);
  expect(world.lines).toHaveLength(attempts);
  await server.idle();
});

describe("a server with too much to do", () => {
  // As load balancers say it whose servers are away: with no length, and packed or not.
  test.each(["", "Content-Encoding: gzip\r\n"])("is asked again, however it says so: %p", async (header) => {
    const raw = `HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n${header}\r\n<html>No server</html>`;
    await using server = await serveTls(good, (socket, request, count) =>
      count === 0 ? socket.end(raw) : serveDocument(socket, request, count),
    );
    expect((await queryTables(requestTo([addressOf(server)]), new World())).node).toBe("n01");
    expect(server.requests).toHaveLength(2);
  });

  /** Busy so many times, with this header; then the document. The pauses in between. */
  async function pauses(
    times: number,
    headers: Readonly<Record<string, string>>,
  ): Promise<readonly number[]> {
    await using server = await serveTls(good, (socket, request, count) =>
      count < times ? socket.write(answerBytes(503, "", headers)) : serveDocument(socket, request, count),
    );
    const world = new World();
    await queryTables(requestTo([addressOf(server)]), world);
    return world.pauses;
  }

  // biome-ignore format: one case a line
  const cases: readonly [rule: string, headers: Record<string, string>, waits: readonly number[]][] = [
    ["is left alone for as long as it says, and a random time more", { "Retry-After": "7" }, [7500, 8000]],
    ["also where it says until when, by its own clock", { "Retry-After": "Thu, 01 Jan 1970 00:00:09 GMT", Date: "Thu, 01 Jan 1970 00:00:04 GMT" }, [5500, 6000]],
    ["but not for hours", { "Retry-After": "86400" }, [30_500]],
    ["not where it says nothing that can be read", { "Retry-After": "soon" }, [500, 1000]],
    ["nor where that has passed", { "Retry-After": "-5" }, [500, 1000]],
  ];
  test.each(cases)("%s", async (_rule, headers, waits) => {
    expect(await pauses(waits.length, headers)).toEqual([...waits]);
  });

  test("does not hold up the next one in the list", async () => {
    await using busy = await serveTls(good, answering(503, "", { "Retry-After": "30" }));
    await using server = await serveTls(good, serveDocument);
    const world = new World();
    expect((await queryTables(requestTo([addressOf(busy), addressOf(server)]), world)).node).toBe("n01");
    expect(world.pauses).toEqual([]);
  });

  test("is reported as such once the time is up", async () => {
    await using busy = await serveTls(
      good,
      answering(503, ...problem("busy", "too much is being worked on")),
    );
    const problems = await problemsOf(
      queryTables(requestTo([addressOf(busy)], { within: 5000 }), new World()),
    );
    expect(problems).toMatchObject([
      { code: "query-busy", found: expect.stringMatching(/too much is being/) },
    ]);
  });
});

describe("trust is that of xcatd's port", () => {
  test.each([
    ["an expired certificate", "expired"],
    ["one that is not yet valid", "future"],
  ] as const)("%s is reported at once", async (_rule, which) => {
    await using server = await serveTls(certificates[which], serveDocument);
    const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), new World()));
    expect(problems).toMatchObject([{ code: "query-certificate" }]);
    expect(server.requests).toEqual([]);
  });

  test("a name in the address has to be in the certificate", async () => {
    await using server = await serveTls(good, serveDocument);
    const world = new World();
    world.names = { xcatmn: ["127.0.0.1"], other: ["127.0.0.1"] };
    expect((await queryTables(requestTo([addressOf(server, "/", "xcatmn")]), world)).node).toBe("n01");
    const problems = await problemsOf(queryTables(requestTo([addressOf(server, "/", "other")]), world));
    expect(problems).toMatchObject([{ found: expect.stringMatching(/for xcatmn, not for other/) }]);
  });

  test("the name goes ahead in the clear, for what stands before several servers; an address does not", async () => {
    const asked: (string | false | null)[] = [];
    await using server = await serveTls(good, (socket, request, count) => {
      if (socket instanceof TLSSocket) asked.push(socket.servername);
      serveDocument(socket, request, count);
    });
    const world = new World();
    world.names = { xcatmn: ["127.0.0.1"] };
    for (const host of ["xcatmn", "127.0.0.1"])
      await queryTables(requestTo([addressOf(server, "/", host)]), world);
    expect(asked).toEqual(["xcatmn", false]);
  });

  test("plain HTTP is spoken only where nobody has to prove anything", async () => {
    await using server = await servePlain((socket) => {
      socket.on("data", () => socket.write(answerBytes(200, JSON.stringify(document))));
    });
    const servers = [{ protocol: "json", url: `http://127.0.0.1:${server.endpoint.port}/` }] as const;
    const problems = await problemsOf(queryTables(requestTo(servers), new World()));
    expect(problems).toMatchObject([{ found: expect.stringMatching(/http:\/\/ a server cannot prove/) }]);
    const world = new World();
    expect((await queryTables(requestTo(servers, { trust: { mode: "insecure" } }), world)).node).toBe("n01");
    expect(world.lines).toEqual([expect.stringMatching(/statelite\.tls=insecure/)]);
  });
});

describe("a list of both protocols is tried in order", () => {
  test.each([
    ["JSON first", true],
    ["xcatd first", false],
  ])("%s", async (_rule, jsonFirst) => {
    await using json = await serveTls(good, serveDocument);
    await using xcatd = await serveTls(good, (socket, request) => {
      const command = /<command>(\w+)</.exec(request)?.[1] ?? "";
      socket.write(goldenAnswer(baseline, "n01", command));
    });
    const { port } = xcatd.endpoint;
    const both = [addressOf(json), { protocol: "xcatd", host: "127.0.0.1", port }] as const;
    const servers = jsonFirst ? both : both.toReversed();
    const told = await queryTables(requestTo(servers), new World());
    expect(told.rest === undefined).toBe(!jsonFirst);
  });

  test("where the first one fails, the other one is asked", async () => {
    await using json = await serveTls(good, answering(500, ""));
    await using next = await serveTls(good, serveDocument);
    expect((await queryTables(requestTo([addressOf(json), addressOf(next)]), new World())).node).toBe("n01");
  });
});
