import { expect, test } from "bun:test";
import type { Socket } from "node:net";
import type { ServerAddress } from "../../../agent/cmdline/options.ts";
import { BootError, type Problem } from "../../../agent/errors.ts";
import { query, queryTables } from "../../../agent/xcat/client.ts";
import { formatEndpoint } from "../../../agent/xcat/endpoint.ts";
import { makeCertificates } from "./certificates.ts";
import { baseline, edges, goldenAnswer } from "./golden.ts";
import { type Behaviour, servePlain, serveTls, type TestServer } from "./server.ts";
import { problemsOf, requestBy, World } from "./world.ts";

const certificates = makeCertificates();
const { good } = certificates;

const addressOf = ({ endpoint }: TestServer, host = endpoint.host): ServerAddress => ({
  protocol: "xcatd",
  host,
  port: endpoint.port,
});

const requestTo = requestBy(certificates.ca);

/** Answers as xcatd answered `node`. */
function answerAs(node: string, cases = baseline): Behaviour {
  return (socket, request) => socket.write(goldenAnswer(cases, node, commandOf(request)));
}

function commandOf(request: string): string {
  return /<command>(\w+)</.exec(request)?.[1] ?? "";
}

/** An address where nobody listens. */
async function nobody(): Promise<ServerAddress> {
  await using server = await servePlain(() => {});
  return addressOf(server);
}

test("the tables of a node, its rows in order", async () => {
  await using server = await serveTls(good, answerAs("n01"));
  const world = new World();
  const tables = await queryTables(requestTo([addressOf(server)]), world);
  expect(tables.node).toBe("n01");
  expect(tables.litefile).toHaveLength(26);
  expect(tables.litefile[0]).toEqual({ options: "tmpfs", path: "/etc/adjtime" });
  expect(tables.litetree.map((row) => row.directory)).toEqual([
    "/syncdirs/n01",
    "/syncdirs/rhels9/compute",
    "/syncdirs/common",
  ]);
  expect(tables.problems).toEqual([]);
  expect(world.lines).toEqual([]);
  expect(world.log.lines.map((line) => line.text)).toEqual([
    expect.stringMatching(
      /127\.0\.0\.1:\d+ \(xcatmn\) answered for n01: 26 litefile and 3 litetree rows, \d+ bytes/,
    ),
  ]);
  await server.idle();
});

test("litefile and litetree are asked side by side, on a connection each", async () => {
  const waiting: [Socket, string][] = [];
  await using server = await serveTls(good, (socket, request) => {
    waiting.push([socket, request]);
    // Neither is answered before both are asked.
    if (waiting.length === 2)
      for (const [s, r] of waiting) s.write(goldenAnswer(baseline, "n01", commandOf(r)));
  });
  await queryTables(requestTo([addressOf(server)]), new World());
  expect(server.requests.map(commandOf).toSorted()).toEqual(["litefile", "litetree"]);
});

test("what is wrong with single rows comes with the tables", async () => {
  await using server = await serveTls(good, answerAs("n01", edges));
  const tables = await queryTables(requestTo([addressOf(server)]), new World());
  expect(tables.litetree).toHaveLength(24);
  expect(tables.problems.filter((p) => p.class === "source")).toHaveLength(10);
});

test("a server that is down is passed over", async () => {
  await using server = await serveTls(good, answerAs("n01"));
  const world = new World();
  const tables = await queryTables(requestTo([await nobody(), addressOf(server)]), world);
  expect(tables.node).toBe("n01");
  expect(world.pauses).toEqual([]);
  expect(world.lines).toEqual([expect.stringMatching(/no connection: it is refused.*\(attempt 1\)/)]);
});

test("a server that is silent leaves the next one its share of the time", async () => {
  await using silent = await serveTls(good, () => {});
  await using server = await serveTls(good, answerAs("n01"));
  const request = requestTo([addressOf(silent), addressOf(server)], { within: 1000 });
  const world = new World();
  expect((await queryTables(request, world)).node).toBe("n01");
  expect(world.lines).toEqual([expect.stringMatching(/said nothing for 0\.5 s/)]);
});

test("a server that comes up meanwhile is asked again", async () => {
  let attempts = 0;
  await using server = await serveTls(good, (socket, request, count) => {
    attempts++;
    // Two attempts, of two connections each; a failed one may be over before its second request is out.
    if (count < 3) socket.destroy();
    else answerAs("n01")(socket, request, count);
  });
  const world = new World();
  expect((await queryTables(requestTo([addressOf(server)]), world)).node).toBe("n01");
  expect(attempts).toBeGreaterThan(3);
  expect(world.pauses.length).toBeGreaterThanOrEqual(1);
});

test("the pauses double up to a bound, jittered, until the time is up", async () => {
  const world = new World();
  const problems = await problemsOf(queryTables(requestTo([await nobody()]), world));
  expect(world.pauses).toEqual([500, 1000, 2000, 4000, 7500, 7500, 7500, 7500, 7500, 7500]);
  expect(problems).toMatchObject([
    {
      class: "fatal",
      code: "query-unreachable",
      found: expect.stringMatching(/\(asked 11 times in 52\.5 s\)$/),
    },
  ]);
});

/** A server that always does so; the problem's code, how often it is asked, and what is found. */
const final: readonly [rule: string, behave: Behaviour, code: string, attempts: number, found: RegExp][] = [
  [
    "a node the server does not know",
    answerAs("stranger"),
    "query-unknown-node",
    3,
    /does not know this node; its address 127\.0\.0\.1 has the reverse name name-of-127\.0\.0\.1 \(asked 3 times/,
  ],
  ["a node without an image", answerAs("n03"), "query-no-image", 3, /n03 does not have os, arch, or profile/],
  [
    "a refusal",
    answerText("<error>Permission denied for request</error>"),
    "query-refused",
    3,
    /Permission denied/,
  ],
  ["an unknown error", answerText("<error>out of cheese</error>"), "query-error-reply", 3, /"out of cheese"/],
  ["no rows at all", answerText(""), "query-no-rows", 3, /no rows/],
  ["no xcatd", (socket) => socket.write("hello\n"), "query-protocol", 1, /no answer of xcatd's/],
  [
    "a row that is none",
    answerText("<info>n01 tmpfs /etc/a</info>"),
    "query-protocol",
    1,
    /no line of litefile's/,
  ],
];

function answerText(inner: string): Behaviour {
  return (socket) => socket.write(`<xcatresponse>${inner}<serverdone></serverdone></xcatresponse>\n`);
}

test.each(final)("%s ends the asking before the time is up", async (_rule, behave, code, attempts, found) => {
  await using server = await serveTls(good, behave);
  const world = new World();
  const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), world));
  expect(problems).toMatchObject([{ class: "fatal", code, found: expect.stringMatching(found) }]);
  expect(problems[0]?.doing).toBe("ask for litefile and litetree");
  expect(problems[0]?.on).toBe(formatEndpoint(server.endpoint));
  expect(world.pauses).toHaveLength(attempts - 1);
  expect(world.lines).toHaveLength(attempts);
  await server.idle();
});

test("a wrong certificate is reported at once", async () => {
  await using server = await serveTls(certificates.expired, answerAs("n01"));
  const world = new World();
  const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), world));
  expect(problems).toMatchObject([
    { code: "query-certificate", found: expect.stringMatching(/expired.*asked once/) },
  ]);
  expect(world.pauses).toEqual([]);
});

test("a server with a wrong certificate is not asked again, the other one is", async () => {
  await using wrong = await serveTls(certificates.expired, answerAs("n01"));
  const world = new World();
  const problems = await problemsOf(
    queryTables(requestTo([addressOf(wrong), await nobody()], { within: 3000 }), world),
  );
  expect(problems.map((p) => [p.code, /asked (.*) in/.exec(p.found)?.[1]])).toEqual([
    ["query-certificate", "once"],
    ["query-unreachable", "3 times"],
  ]);
});

test("an answer that is cut short is never used", async () => {
  await using server = await serveTls(good, (socket, request) => {
    const whole = goldenAnswer(baseline, "n01", commandOf(request));
    if (commandOf(request) === "litetree") socket.end(whole.subarray(0, whole.length - 60));
    else socket.write(whole);
  });
  const problems = await problemsOf(
    queryTables(requestTo([addressOf(server)], { within: 3000 }), new World()),
  );
  expect(problems).toMatchObject([{ code: "query-cut-short" }]);
});

test("the cause is the one that failed first, not the other request that was then given up", async () => {
  await using server = await serveTls(good, (socket, request, count) => {
    if (commandOf(request) === "litetree") answerAs("n03")(socket, request, count);
  });
  const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), new World()));
  expect(problems).toMatchObject([{ code: "query-no-image" }]);
});

const names: readonly [rule: string, wanted: string, node: string | undefined][] = [
  ["the same", "n01", "n01"],
  ["with a domain", "N01.cluster.test", "n01"],
  ["another", "n02", undefined],
];

test.each(names)("NODE= and the server's name for this node: %s", async (_rule, wanted, node) => {
  await using server = await serveTls(good, answerAs("n01"));
  const tables = queryTables(requestTo([addressOf(server)], { node: wanted }), new World());
  if (node === undefined) expect(await problemsOf(tables)).toMatchObject([{ code: "query-other-node" }]);
  else expect((await tables).node).toBe(node);
});

test("rows for two nodes are refused", async () => {
  await using server = await serveTls(good, (socket, request, count) => {
    answerAs(commandOf(request) === "litefile" ? "n01" : "n02")(socket, request, count);
  });
  const problems = await problemsOf(queryTables(requestTo([addressOf(server)]), new World()));
  expect(problems).toMatchObject([
    { code: "query-other-node", found: expect.stringMatching(/n01, not for n02/) },
  ]);
});

test("a host name is looked up, and each of its addresses asked in turn", async () => {
  await using server = await serveTls(good, answerAs("n01"));
  const world = new World();
  world.names["xcatmn"] = ["127.99.99.99", "127.0.0.1"];
  const tables = await queryTables(requestTo([addressOf(server, "xcatmn")]), world);
  expect(tables.node).toBe("n01");
  expect(world.lines).toEqual([expect.stringMatching(/xcatmn:\d+ \(127\.99\.99\.99\): no connection/)]);
});

test("a host name is looked up again each time", async () => {
  await using server = await serveTls(good, answerAs("n01"));
  const world = new World();
  const { sleep } = world.clock;
  world.clock.sleep = async (pause) => {
    await sleep(pause);
    world.names["xcatmn"] = ["127.0.0.1"];
  };
  expect((await queryTables(requestTo([addressOf(server, "xcatmn")]), world)).node).toBe("n01");
  expect(world.lines).toEqual([expect.stringMatching(/the name xcatmn cannot be looked up: NXDOMAIN/)]);
});

test("a host name without an address is a cause of its own", async () => {
  const world = new World();
  world.names["mn"] = [];
  const servers = [{ protocol: "xcatd", host: "mn", port: 3001 }] as const;
  const problems = await problemsOf(queryTables(requestTo(servers, { within: 400 }), world));
  expect(problems).toMatchObject([{ code: "query-resolve", on: "mn:3001" }]);
});

test("that a server need not prove who it is, is said", async () => {
  await using server = await serveTls(certificates.expired, answerAs("n01"));
  const world = new World();
  await queryTables(requestTo([addressOf(server)], { trust: { mode: "insecure" } }), world);
  expect(world.lines).toEqual([expect.stringMatching(/statelite\.tls=insecure/)]);
});

test("what a server says is harmless on a console", async () => {
  await using server = await serveTls(good, answerText("<error>\x1b[2J\x07</error>"));
  const world = new World();
  const [problem] = await problemsOf(queryTables(requestTo([addressOf(server)]), world));
  expect(world.lines.join()).toContain("\\x1b[2J\\x07");
  expect(new BootError([problem as Problem]).message).not.toContain("\x1b");
});

test("another command's answer comes as it is", async () => {
  const lines = ["type=format", "[disk]", "dev=/dev/vda"];
  await using server = await serveTls(good, answerText(lines.map((line) => `<data>${line}</data>`).join("")));
  const answer = await query("getpartition", requestTo([addressOf(server)]), new World());
  expect(answer.replies).toEqual(lines.map((text) => ({ kind: "data" as const, text })));
  expect(server.requests).toEqual(["<xcatrequest><command>getpartition</command></xcatrequest>\n"]);
});
