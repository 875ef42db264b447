import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import type { Endpoint } from "../../../agent/xcat/endpoint.ts";
import { type FailureKind, QueryFailure } from "../../../agent/xcat/failure.ts";
import { formatRequest } from "../../../agent/xcat/request.ts";
import { keyPin, type Trust } from "../../../agent/xcat/trust.ts";
import { type Exchange, exchange } from "../../../agent/xcat/xcatd.ts";
import { makeCertificates } from "./certificates.ts";
import { baseline, goldenAnswer } from "./golden.ts";
import { type Behaviour, servePlain, serveTls, type TestServer } from "./server.ts";

const certificates = makeCertificates();
const { good, ca } = certificates;
const trusted: Trust = { mode: "verify", ca };
const golden = goldenAnswer(baseline, "n01", "litefile");
const request = formatRequest("litefile");
/** Long enough for a busy machine where an answer is expected. */
const PATIENT = { connect: 20_000, silence: 20_000, total: 20_000 };

const task = (endpoint: Endpoint, more: Partial<Exchange> = {}): Exchange => ({
  endpoint,
  request,
  trust: trusted,
  times: PATIENT,
  ...more,
});

async function failureOf(what: Exchange): Promise<QueryFailure> {
  const failure = await exchange(what).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof QueryFailure)) throw new Error(`failed otherwise: ${failure}`);
  return failure;
}

/** Writes the bytes one at a time, each in a TLS record of its own. */
async function drip(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    socket.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
}

const answering: readonly [rule: string, behave: Behaviour][] = [
  ["at once, and the connection stays open", (socket) => socket.write(golden)],
  ["and closes", (socket) => socket.end(golden)],
  ["one byte at a time", (socket) => void drip(socket, golden)],
  ["and says more after the end", (socket) => socket.write(Buffer.concat([golden, Buffer.from("<<<")]))],
  [
    "in two halves with a pause",
    (socket) => {
      socket.write(golden.subarray(0, 1001));
      setTimeout(() => socket.write(golden.subarray(1001)), 50);
    },
  ],
];

test.each(answering)("exchange: a server that answers %s is understood", async (_rule, behave) => {
  await using server = await serveTls(good, behave);
  const { answer, localAddress } = await exchange(task(server.endpoint));
  expect(answer).toMatchObject({ source: "xcatmn" });
  expect(answer.replies).toHaveLength(26);
  expect(localAddress).toBe("127.0.0.1");
  expect(server.requests).toEqual(["<xcatrequest><command>litefile</command></xcatrequest>\n"]);
  await server.idle();
});

const QUICK = { connect: 150, silence: 150, total: 5000 };

const hostile: readonly [rule: string, behave: Behaviour, kind: FailureKind, found: RegExp][] = [
  ["is silent", () => {}, "silent", /took the request and said nothing for 0.15 s/],
  ["closes without a byte", (socket) => socket.end(), "closed", /closed the connection without a byte/],
  [
    "breaks off without a byte",
    (socket) => socket.destroy(),
    "closed",
    /closed the connection without a byte/,
  ],
  [
    "cuts its answer short",
    (socket) => socket.end(golden.subarray(0, 1000)),
    "cut-short",
    /cut short after 1000 bytes/,
  ],
  [
    "stops in the middle",
    (socket) => socket.write(golden.subarray(0, 1000)),
    "cut-short",
    /stopped after 1000 bytes/,
  ],
  [
    "stops before its last tag",
    (socket) => socket.write(golden.subarray(0, -17)),
    "cut-short",
    /stopped after/,
  ],
  [
    "is no xcatd",
    (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "protocol",
    /no answer of xcatd's/,
  ],
  [
    "sends bytes that are no text",
    (socket) => socket.write(Uint8Array.of(0xff, 0xfe)),
    "protocol",
    /not UTF-8/,
  ],
  [
    "sends a line without an end",
    flood("<xcatresponse><info>", "a"),
    "too-large",
    /line .* longer than 16384/,
  ],
  [
    "sends 100 MB of rows",
    flood("", "<xcatresponse><x></x></xcatresponse>\n"),
    "too-large",
    /larger than 16777216 bytes/,
  ],
  [
    "sends rows without end",
    flood("", "<xcatresponse><info>x</info></xcatresponse>"),
    "too-large",
    /more than 100000 lines/,
  ],
];

let taken = 0;

/** 100 MB, as fast as the client takes them. */
function flood(start: string, unit: string): Behaviour {
  const piece = unit.repeat(Math.ceil(65_536 / unit.length));
  return (socket) => {
    taken = 0;
    socket.write(start);
    const more = (): void => {
      let room = true;
      while (room && taken < 100_000_000 && !socket.destroyed) {
        taken += piece.length;
        room = socket.write(piece);
      }
    };
    socket.on("drain", more);
    more();
  };
}

test.each(hostile)("exchange: a server that %s", async (rule, behave, kind, found) => {
  await using server = await serveTls(good, behave);
  // Where the time is up is only of interest to a server that is waited for.
  const times = kind === "silent" || found.source.includes("stopped") ? QUICK : PATIENT;
  const failure = await failureOf(task(server.endpoint, { times }));
  expect([failure.kind, failure.found]).toEqual([kind, expect.stringMatching(found)]);
  if (rule.includes("100 MB")) expect(taken).toBeLessThan(40_000_000);
  await server.idle();
});

test("exchange: a server that says a little for ever is given up when the time is up", async () => {
  await using server = await serveTls(good, (socket) => {
    const timer = setInterval(() => socket.write(" "), 5);
    socket.on("close", () => clearInterval(timer));
  });
  const failure = await failureOf(task(server.endpoint, { times: { ...PATIENT, total: 300 } }));
  expect(failure.kind).toBe("cut-short");
  await server.idle();
});

const plain: readonly [rule: string, behave: (socket: Socket) => void, kind: FailureKind, found: RegExp][] = [
  ["says nothing", () => {}, "silent", /took the connection and said nothing/],
  ["closes at once", (socket) => socket.end(), "closed", /before TLS stood/],
  [
    "speaks another protocol",
    (socket) => socket.write("220 mail ESMTP\r\n"),
    "handshake",
    /no TLS could be agreed upon/,
  ],
];

test.each(plain)("exchange: a server without TLS that %s", async (_rule, behave, kind, found) => {
  await using server = await servePlain(behave);
  const times = kind === "silent" ? QUICK : PATIENT;
  const failure = await failureOf(task(server.endpoint, { times }));
  expect([failure.kind, failure.found]).toEqual([kind, expect.stringMatching(found)]);
});

async function freePort(): Promise<number> {
  await using server = await servePlain(() => {});
  return server.endpoint.port;
}

test("exchange: nobody listens", async () => {
  const endpoint = { host: "127.0.0.1", address: "127.0.0.1", port: await freePort() };
  expect((await failureOf(task(endpoint))).kind).toBe("unreachable");
});

const answerAll: Behaviour = (socket) => socket.write(golden);

const refused: readonly [
  rule: string,
  trust: Trust,
  pair: "good" | "expired" | "future",
  host: string,
  found: RegExp,
][] = [
  [
    "another CA",
    { mode: "verify", ca: certificates.otherCa },
    "good",
    "127.0.0.1",
    /not signed by the CA in the initrd/,
  ],
  ["no CA", { mode: "verify", ca: "" }, "good", "127.0.0.1", /the initrd carries no CA/],
  [
    "a CA that is none",
    { mode: "verify", ca: brokenPem() },
    "good",
    "127.0.0.1",
    /CA certificate in the initrd is none/,
  ],
  [
    "an expired certificate",
    trusted,
    "expired",
    "127.0.0.1",
    /expired; this node's clock says \d{4}-\d\d-\d\d/,
  ],
  ["a certificate of the future", trusted, "future", "127.0.0.1", /not yet valid; this node's clock says/],
  [
    "another server's name",
    trusted,
    "good",
    "other.cluster",
    /wrong name: .* is for xcatmn, not for other.cluster/,
  ],
];

function brokenPem(): string {
  return "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
}

test.each(refused)(
  "exchange: refused is %s, before anything is said",
  async (_rule, trust, pair, host, found) => {
    await using server = await serveTls(certificates[pair], answerAll);
    const failure = await failureOf(task({ ...server.endpoint, host }, { trust }));
    expect([failure.kind, failure.found]).toEqual(["certificate", expect.stringMatching(found)]);
    expect(server.requests).toEqual([]);
  },
);

const accepted: readonly [rule: string, trust: Trust, pair: "good" | "expired", host: string][] = [
  ["an address is not compared with the name", trusted, "good", "127.0.0.1"],
  ["the short host name", trusted, "good", "XCATMN"],
  ["the long name of a short one", trusted, "good", "xcatmn.cluster.test"],
  ["one of two CAs", { mode: "verify", ca: certificates.otherCa + ca }, "good", "127.0.0.1"],
  ["insecure takes another CA's", { mode: "insecure" }, "good", "127.0.0.1"],
  ["insecure takes an expired one", { mode: "insecure" }, "expired", "127.0.0.1"],
  ["insecure takes another name", { mode: "insecure" }, "good", "other.cluster"],
];

test.each(accepted)("exchange: trusted: %s", async (_rule, trust, pair, host) => {
  await using server = await serveTls(certificates[pair], answerAll);
  const { answer } = await exchange(task({ ...server.endpoint, host }, { trust }));
  expect(answer.replies).toHaveLength(26);
});

test("exchange: one that is given up is over, and its connection closed", async () => {
  const abort = new AbortController();
  await using server = await serveTls(good, () => abort.abort());
  expect((await failureOf(task(server.endpoint, { signal: abort.signal }))).kind).toBe("closed");
  await server.idle();
  expect((await failureOf(task(server.endpoint, { signal: abort.signal }))).kind).toBe("closed");
});

/** Runs one exchange in a process of its own and gives back the failure's kind and words. */
async function inOwnProcess(
  what: Exchange,
  wrap: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const module = join(import.meta.dir, "../../../agent/xcat/xcatd.ts");
  const script = `import { exchange } from ${JSON.stringify(module)};
    await exchange(${JSON.stringify(what)}).then(() => console.log("answered"), (e) => console.log(e.kind + ": " + e.found));`;
  const child = Bun.spawn([...wrap, process.execPath, "-e", script], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = await new Response(child.stdout).text();
  await child.exited;
  return said.trim();
}

test("exchange: a CA that the environment names is not trusted", async () => {
  const dir = mkdtempSync(join(tmpdir(), "statelite-ca-"));
  try {
    const file = join(dir, "ca.pem");
    writeFileSync(file, ca);
    await using server: TestServer = await serveTls(good, answerAll);
    const what = task(server.endpoint, { trust: { mode: "verify", ca: certificates.otherCa } });
    const said = await inOwnProcess(what, [], { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file });
    expect(said).toMatch(/^certificate: .*not signed by the CA in the initrd/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

// In a network namespace: a route on which packets are lost, and no route.
const nowhere: readonly [rule: string, address: string, found: RegExp][] = [
  ["that swallows packets", "192.0.2.1", /^unreachable: no connection within 0.3 s$/],
  ["that has no route", "198.51.100.1", /^unreachable: no connection: it is refused, or there is no route/],
];

test.each(nowhere)("exchange: a network %s", async (_rule, address, found) => {
  const setup = 'ip link set lo up && ip route add 192.0.2.0/24 dev lo && exec "$@"';
  const what = task({ host: address, address, port: 3001 }, { times: { ...PATIENT, connect: 300 } });
  expect(await inOwnProcess(what, ["unshare", "-n", "sh", "-c", setup, "sh"], {})).toMatch(found);
});

test("a pinned key stands in for the name, and the CA is asked all the same", async () => {
  const pins = [keyPin(good.cert)];
  await using server = await serveTls(good, (socket) => socket.end(golden));
  const wrongName = { ...server.endpoint, host: "some.other.name" };
  expect((await failureOf(task(wrongName))).found).toStartWith("wrong name: ");
  const { answer } = await exchange(task(wrongName, { trust: { mode: "verify", ca, pins } }));
  expect(answer.replies).toHaveLength(26);
  const foreign = await failureOf(
    task(server.endpoint, { trust: { mode: "verify", ca: certificates.otherCa, pins } }),
  );
  expect(foreign.found).toContain("is not signed by the CA in the initrd");
});

test("a key that is not pinned: nothing is asked, and the message has the key to pin", async () => {
  await using server = await serveTls(good, (socket) => socket.end(golden));
  const pins = [keyPin(certificates.expired.cert)];
  const failure = await failureOf(task(server.endpoint, { trust: { mode: "verify", ca, pins } }));
  expect(failure.kind).toBe("certificate");
  expect(failure.found).toStartWith("wrong key: ");
  expect(failure.found).toContain(keyPin(good.cert));
  expect(server.requests).toEqual([]);
});

test("a pin is what openssl makes of the key", () => {
  const shell = `printf %s "$0" | openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`;
  const made = Bun.spawnSync(["sh", "-c", shell, good.cert]).stdout.toString().trim();
  expect(keyPin(good.cert)).toBe(`sha256:${made}`);
});

test("the node's certificate is shown to a server that asks for it", async () => {
  let shown: string | undefined;
  await using server = await serveTls(good, (socket) => {
    if (socket instanceof TLSSocket) shown = socket.getPeerCertificate().subject?.CN?.toString();
    socket.end(golden);
  });
  await exchange(task(server.endpoint));
  expect(shown).toBeUndefined();
  const client = certificates.future; // Whatever its dates: what is shown is up to the node.
  await exchange(task(server.endpoint, { trust: { mode: "verify", ca, client } }));
  expect(shown).toBe("xcatmn");
});
