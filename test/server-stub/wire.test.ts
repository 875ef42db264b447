import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import reverseNames from "../golden/xcatd/reverse-dns.json";
import { ask, collect, logs, openTls, startServer, type TestServer } from "./support/server.ts";

const golden = join(import.meta.dir, "../golden/xcatd");
const n01 = "127.0.0.2";
const litetree = "<xcatrequest><command>litetree</command></xcatrequest>\n";
const ofN02 = "<xcatrequest><command>litetree</command><noderange>n02</noderange></xcatrequest>\n";
const done = "<xcatresponse>\n  <serverdone></serverdone>\n</xcatresponse>\n";
const denied = "Permission denied for request";

describe("a request, however it arrives", () => {
  let server: TestServer;
  let whole: string;
  beforeAll(async () => {
    server = await startServer(join(golden, "tables-baseline"), reverseNames, "--request-timeout", "0.5");
    whole = await ask(server, n01, litetree);
  });
  afterAll(() => server.stop());

  test("ends with serverdone", () => {
    expect(whole).toEndWith(done);
  });

  const ways = {
    "one byte at a time": { request: litetree, options: { bytewise: true } },
    "with the writing half closed": { request: litetree, options: { halfClose: true } },
    "without a newline, but with the writing half closed": {
      request: litetree.trim(),
      options: { halfClose: true },
    },
    "over TLS 1.2": { request: litetree, options: { maxVersion: "TLSv1.2" } },
    "with a comment, CDATA and references": {
      request: "<xcatrequest><!-- x --><command><![CDATA[lite]]>&#116;r&#x65;e</command></xcatrequest>\n",
      options: {},
    },
    "with another one behind it": { request: litetree + ofN02, options: {} },
    "with something unfinished behind it": { request: `${litetree}GET /`, options: { bytewise: true } },
    "naming its own node": { request: ofN02.replace("n02", "n01"), options: {} },
  } as const;
  for (const [way, { request, options }] of Object.entries(ways)) {
    test(`${way}: the same answer`, async () => {
      expect(await ask(server, n01, request, options)).toBe(whole);
    });
  }

  const nothing = {
    "without a newline": litetree.trim(),
    "never finished": "<xcatrequest><command>lite",
    "not XML": "GET / HTTP/1.0\r\n\r\n",
    "of over 64 KiB": `<xcatrequest><arg>${"x".repeat(70_000)}`,
    "with a DTD": `<!DOCTYPE x [<!ENTITY a "b">]>${litetree}`,
    "with an unknown entity": "<xcatrequest><command>&a;</command></xcatrequest>\n",
    "with another root": "<x></xcatrequest>\n",
    "nested deeply": `<xcatrequest>${"<a>".repeat(5000)}</xcatrequest>\n`,
    "with text after its end": `${litetree.trim()}x</xcatrequest>\n`,
    "of a line end": "\n",
  };
  for (const [what, request] of Object.entries(nothing)) {
    test(`${what}: closed without a byte`, async () => {
      expect(await ask(server, n01, request)).toBe("");
    });
  }

  test("a client that leaves early disturbs nobody", async () => {
    for (let i = 0; i < 20; i += 1) {
      const socket = await openTls(server, n01);
      if (i % 2 === 0) socket.write(litetree);
      socket.destroy();
    }
    expect(await ask(server, n01, litetree)).toBe(whole);
  });

  test("200 at once are all answered", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(server, n01, litetree)));
    expect(new Set(answers)).toEqual(new Set([whole]));
  });

  test("a log line says who asked for what, and cannot be forged", async () => {
    await ask(
      server,
      n01,
      "<xcatrequest><command>a\n2099 127.0.0.9 (n07): litefile</command></xcatrequest>\n",
    );
    expect(await logs(server, `${n01} (n01): litetree: 3 lines, `)).toBe(true);
    expect(await logs(server, `${n01} (n01): refused: a\\x0a2099 127.0.0.9 (n07): litefile: `)).toBe(true);
  });
});

describe("certificates of clients", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer(join(golden, "tables-baseline"), reverseNames);
  });
  afterAll(() => server.stop());

  test("one of the CA makes its bearer the policy's name, who may ask for any node", async () => {
    expect(await ask(server, "127.0.0.99", ofN02, { certificate: "root" })).toContain(
      "n02: 127.0.0.1:/syncdirs/n02<",
    );
  });

  test("one that the CA did not sign ends the connection", async () => {
    const socket = await openTls(server, n01, { certificate: "evil" });
    socket.write(litetree);
    expect(await collect(socket)).toBe("");
    expect(await logs(server, "client certificate refused")).toBe(true);
  });
});

describe("rows of other nodes", () => {
  // In each: the policy rows that come before those of tables-baseline, which allow litetree to everybody.
  const policies = [
    { row: "", allowed: false, rule: "are refused, although the command is allowed" },
    {
      row: '"4.1",,,"litetree","n02,n04",,,"allow",,',
      allowed: true,
      rule: "are given where a row's noderange names the node",
    },
    {
      row: '"4.1",,,"litetree","compute",,,"allow",,',
      allowed: true,
      rule: "are given where a row's noderange names its group",
    },
    {
      row: '"4.1",,,"litetree","*",,,"allow",,',
      allowed: true,
      rule: "are given where a row's noderange is *",
    },
    {
      row: '"4.1",,,"litetree","n04",,,"allow",,',
      allowed: false,
      rule: "are refused where a row names only another node",
    },
    {
      row: '"4.1",,,"litefile","n02",,,"allow",,',
      allowed: false,
      rule: "are refused where a row is for another command",
    },
    {
      row: '"4.1",,,"litetree","n02",,,"deny",,',
      allowed: false,
      rule: "are refused where a row denies them",
    },
    {
      row: '"4.1",,"n01","litetree",,,,"allow",,',
      allowed: false,
      rule: "are refused where a row names only the host",
    },
  ];
  for (const { row, allowed, rule } of policies) {
    test(rule, async () => {
      const tables = await mkdtemp(join(tmpdir(), "statelite-tables-"));
      await cp(join(golden, "tables-baseline"), tables, { recursive: true });
      const policy = await Bun.file(join(tables, "policy.csv")).text();
      await Bun.write(join(tables, "policy.csv"), `${policy}${row}\n`);
      const server = await startServer(tables, reverseNames);
      const answer = await ask(server, n01, ofN02);
      await server.stop();
      await rm(tables, { recursive: true });
      expect(answer).toContain(allowed ? "n02: 127.0.0.1:/syncdirs/n02<" : denied);
    });
  }
});

describe("tables that change", () => {
  let server: TestServer;
  let tables: string;
  beforeAll(async () => {
    tables = await mkdtemp(join(tmpdir(), "statelite-tables-"));
    await cp(join(golden, "tables-baseline"), tables, { recursive: true });
    server = await startServer(tables, reverseNames);
  });
  afterAll(async () => {
    await server.stop();
    await rm(tables, { recursive: true });
  });

  const answersWith = async (text: string): Promise<boolean> => {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await ask(server, n01, litetree)).includes(text)) return true;
      await Bun.sleep(50);
    }
    return false;
  };

  test("are read again, and a bad row is named and takes no other down", async () => {
    const path = join(tables, "litetree.csv");
    await Bun.write(
      path,
      '#priority,image,directory,mntopts,comments,disable\n"1"x,"ALL","a:/bad"\n"2","ALL","a:/new",,,\n',
    );
    expect(await answersWith("n01: a:/new<")).toBe(true);
    expect(await logs(server, `${path} line 2: text after the closing quote of field 1; ignored`)).toBe(true);
  });

  test("keep their last content when they disappear", async () => {
    await rm(join(tables, "litetree.csv"));
    const message = `${join(tables, "litetree.csv")} cannot be read now; its last content stays in use`;
    expect(await logs(server, message)).toBe(true);
    expect(await ask(server, n01, litetree)).toContain("n01: a:/new<");
  });
});

test("SIGTERM ends the server with status 0, also with connections open", async () => {
  const server = await startServer(join(golden, "tables-baseline"), reverseNames);
  const socket = await openTls(server, n01);
  const closed = collect(socket);
  expect(await server.stop()).toBe(0);
  expect(await closed).toBe("");
});
