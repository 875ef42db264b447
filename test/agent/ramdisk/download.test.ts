import { afterAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import invariant from "tiny-invariant";
import { fatal } from "../../../agent/errors.ts";
import { type DownloadContext, DownloadError, download } from "../../../agent/ramdisk/download.ts";
import { type KeyPair, makeCertificates } from "../xcat/certificates.ts";

/** HTTP as web servers of every temper speak it: what is sent is written out. */

const certificates = makeCertificates();
const servers: Server[] = [];
const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

type Answer = (socket: Socket, request: string) => void;

/** @returns the port */
async function serve(answer: Answer, identity?: KeyPair): Promise<number> {
  const take = (socket: Socket) => {
    let request = "";
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Buffer) => {
      request += bytes.toString();
      if (request.endsWith("\r\n\r\n")) answer(socket, request);
    });
  };
  const server = identity === undefined ? createServer(take) : createTlsServer(identity, take);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  invariant(typeof at === "object" && at !== null);
  return at.port;
}

const end =
  (text: string | Buffer): Answer =>
  (socket) =>
    socket.end(text);
const ok = (headers: string, body: string) => `HTTP/1.1 200 OK\r\n${headers}\r\n${body}`;

const context = (more: Partial<DownloadContext> = {}): DownloadContext => ({
  trust: { mode: "verify", ca: certificates.ca },
  resolve: () => Promise.resolve(["127.0.0.1"]),
  silence: 20_000,
  ...more,
});

async function load(url: string, more: Partial<DownloadContext> = {}): Promise<string> {
  const { body } = await download(url, context(more));
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

async function failure(url: string, more: Partial<DownloadContext> = {}): Promise<DownloadError> {
  const error = await load(url, more).catch((reason: unknown) => reason);
  if (!(error instanceof DownloadError)) throw new Error(`it did not fail, but gave ${String(error)}`);
  return error;
}

const packed = gzipSync("content");

describe("a body", () => {
  const rows: Readonly<Record<string, readonly [string | Buffer, string]>> = {
    "with its length": [ok("Content-Length: 7\r\n", "content"), "content"],
    "in chunks": [ok("Transfer-Encoding: chunked\r\n", "4\r\ncont\r\n3\r\nent\r\n0\r\n\r\n"), "content"],
    "that ends with the connection": [ok("", "content"), "content"],
    "over HTTP/1.0": ["HTTP/1.0 200 OK\r\n\r\ncontent", "content"],
    "is left as it is, whatever Content-Encoding says": [
      Buffer.concat([
        Buffer.from(ok(`Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n`, "")),
        packed,
      ]),
      packed.toString("latin1"),
    ],
  };
  for (const [what, [answer, body]] of Object.entries(rows)) {
    test(what, async () => expect(await load(`http://mn:${await serve(end(answer))}/a`)).toBe(body));
  }
});

test("the path goes out as it is, the name in Host, and nobody but the resolver is asked for it", async () => {
  const asked: string[] = [];
  let request = "";
  const port = await serve((socket, text) => {
    request = text;
    socket.end(ok("Content-Length: 0\r\n", ""));
  });
  const resolve = (host: string) => {
    asked.push(host);
    return Promise.resolve(["127.0.0.1"]);
  };
  await load(`http://mn.cluster.test:${port}//install/root%20img.gz?x=1`, { resolve });
  expect(asked).toEqual(["mn.cluster.test"]);
  expect(request).toStartWith("GET //install/root%20img.gz?x=1 HTTP/1.1\r\n");
  expect(request.toLowerCase()).toContain(`\r\nhost: mn.cluster.test:${port}\r\n`);
});

test("every address of a name is tried", async () => {
  const port = await serve(end(ok("Content-Length: 1\r\n", "x")));
  const resolve = () => Promise.resolve(["127.0.0.2", "127.0.0.1"]);
  expect(await load(`http://mn:${port}/`, { resolve })).toBe("x");
});

test("a name and password in the address are sent to its server, and to no other one by a redirect", async () => {
  const heard: string[] = [];
  const hear = (socket: Socket, request: string, answer: string) => {
    heard.push(/^authorization: (.*)\r$/im.exec(request)?.[1] ?? "nothing");
    socket.end(answer);
  };
  const other = await serve((socket, request) => hear(socket, request, ok("", "content")));
  const moved = (to: string) => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;
  const first = await serve((socket, request) =>
    hear(socket, request, moved(request.startsWith("GET /a ") ? "/b" : `http://other:${other}/`)),
  );
  expect(await load(`http://node:p%40ss%3A@mn:${first}/a`)).toBe("content");
  const sent = `Basic ${Buffer.from("node:p@ss:").toString("base64")}`;
  expect(heard).toEqual([sent, sent, "nothing"]);
});

describe("redirects", () => {
  test("are followed, relative ones too", async () => {
    const port = await serve((socket, request) => {
      const to = request.startsWith("GET /a ")
        ? "HTTP/1.1 302 Found\r\nLocation: b\r\nContent-Length: 0\r\n\r\n"
        : ok("", "x");
      socket.end(to);
    });
    expect(await load(`http://mn:${port}/a`)).toBe("x");
  });
  const rows: Readonly<Record<string, readonly [string, RegExp]>> = {
    "in a circle": ["/a", /more than 5 redirects/],
    "to another protocol": ["ftp://mn/a", /redirects to "ftp:\/\/mn\/a"/],
    "to nowhere": ["", /redirects to/],
  };
  for (const [what, [location, message]] of Object.entries(rows)) {
    test(`${what} are an error for good`, async () => {
      const header = location === "" ? "" : `Location: ${location}\r\n`;
      const port = await serve(end(`HTTP/1.1 301 Moved\r\n${header}Content-Length: 0\r\n\r\n`));
      const error = await failure(`http://mn:${port}/a`);
      expect(error.message).toMatch(message);
      expect(error.passing).toBe(false);
    });
  }
  test("from https to http are refused", async () => {
    const port = await serve(
      end("HTTP/1.1 302 Found\r\nLocation: http://mn/\r\nContent-Length: 0\r\n\r\n"),
      certificates.good,
    );
    const error = await failure(`https://xcatmn:${port}/a`);
    expect(error.message).toContain("redirects from https to http://mn/");
  });
});

describe("a failure", () => {
  const rows: Readonly<Record<string, readonly [Answer, RegExp, passing: boolean]>> = {
    "404": [end("HTTP/1.1 404 Not Found\r\n\r\n"), /status 404: there is no such file/, false],
    "403": [end("HTTP/1.1 403 Forbidden\r\n\r\n"), /status 403: it does not let this node/, false],
    "204": [end("HTTP/1.1 204 No Content\r\n\r\n"), /status 204/, false],
    "206, a part nobody asked for": [
      end("HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx"),
      /status 206/,
      false,
    ],
    "503": [end("HTTP/1.1 503 Busy\r\n\r\n"), /status 503/, true],
    "cut before the answer": [(socket) => socket.destroy(), /127\.0\.0\.1: /, true],
    "cut in the body": [
      end(ok("Content-Length: 100\r\n", "x")),
      /the connection broke after 1 of 100 bytes/,
      true,
    ],
    "cut between chunks": [
      end(ok("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n")),
      /the connection broke after \d bytes/,
      true,
    ],
    "no HTTP": [end("SSH-2.0-OpenSSH_9.2\r\n"), /what answers at 127\.0\.0\.1 does not speak HTTP/, false],
    "headers without an end": [
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(1 << 20)}`),
      /does not speak HTTP/,
      false,
    ],
  };
  for (const [what, [answer, message, passing]] of Object.entries(rows)) {
    test(what, async () => {
      const error = await failure(`http://mn:${await serve(answer)}/a`);
      expect(error.message).toMatch(message);
      expect(error.passing).toBe(passing);
      expect(error.remedy).not.toBe("");
    });
  }

  test("nobody listens", async () => {
    const port = await serve(() => undefined);
    const error = await failure(`http://mn:${port}/`, { resolve: () => Promise.resolve(["127.0.0.3"]) });
    expect(error.message).toMatch(/127\.0\.0\.3: ECONNREFUSED/);
    expect(error.passing).toBe(true);
  });

  test("a server that is silent before its answer", async () => {
    const error = await failure(`http://mn:${await serve(() => undefined)}/`, { silence: 100 });
    expect(error.message).toBe("127.0.0.1 did not answer within 0.1 s");
    expect(error.passing).toBe(true);
  });

  test("a server that is silent in the middle", async () => {
    const port = await serve((socket) => socket.write(ok("Content-Length: 100\r\n", "x")));
    const error = await failure(`http://mn:${port}/`, { silence: 100 });
    expect(error.message).toMatch(/after 1 of 100 bytes: the server says nothing more/);
    expect(error.passing).toBe(true);
  });

  test("a name that the DNS does not know tells what the DNS said", async () => {
    const resolve = () =>
      Promise.reject(
        fatal("dns-lookup", {
          doing: "look up",
          on: "mn",
          found: "10.0.0.1: no such name",
          remedy: "add it",
        }),
      );
    const error = await failure("http://mn/", { resolve });
    expect(error.message).toBe("the name mn cannot be looked up: 10.0.0.1: no such name");
    expect(error.remedy).toBe("add it");
  });
});

describe("https", () => {
  const insecure: Partial<DownloadContext> = { trust: { mode: "insecure" } };
  const foreign: Partial<DownloadContext> = { trust: { mode: "verify", ca: certificates.otherCa } };
  const accepted: readonly [string, string, Partial<DownloadContext>, KeyPair][] = [
    ["the initrd's CA and the right name", "xcatmn", {}, certificates.good],
    ["an address, which no certificate of xcatd's names", "127.0.0.1", {}, certificates.good],
    ["anybody with statelite.tls=insecure", "mn", insecure, certificates.expired],
  ];
  for (const [what, host, more, identity] of accepted) {
    test(`takes ${what}`, async () => {
      const port = await serve(end(ok("Content-Length: 1\r\n", "x")), identity);
      expect(await load(`https://${host}:${port}/`, more)).toBe("x");
    });
  }
  const refused: readonly [string, string, Partial<DownloadContext>, KeyPair, RegExp][] = [
    ["another CA", "xcatmn", foreign, certificates.good, /not signed by the CA in the initrd/],
    [
      "no CA at all",
      "xcatmn",
      { trust: { mode: "verify", ca: " " } },
      certificates.good,
      /the initrd has no CA/,
    ],
    [
      "another name",
      "other",
      {},
      certificates.good,
      /wrong name: the server's certificate is for xcatmn, not for other/,
    ],
    ["a certificate that has expired", "xcatmn", {}, certificates.expired, /has expired/],
  ];
  for (const [what, host, more, identity, message] of refused) {
    test(`refuses ${what}, and says nothing to it`, async () => {
      let heard = "";
      const port = await serve((socket, request) => {
        heard += request;
        socket.end(ok("", "x"));
      }, identity);
      const error = await failure(`https://${host}:${port}/`, more);
      expect(error.message).toMatch(message);
      expect(error.passing).toBe(false);
      expect(heard).toBe("");
    });
  }
});
