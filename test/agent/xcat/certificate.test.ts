import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeCertificate } from "../../../agent/xcat/certificate.ts";
import type { QueryFailure } from "../../../agent/xcat/failure.ts";
import { exchange } from "../../../agent/xcat/xcatd.ts";
import { baseline, goldenAnswer } from "./golden.ts";
import { serveTls } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "statelite-certificates-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A certificate that a CA signed, or that signed itself, made by openssl. */
function make(name: string, subject: string, signer?: string, ...extensions: readonly string[]): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const by = signer === undefined ? [] : ["-CA", `${signer}.pem`, "-CAkey", `${signer}.key`];
  const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`, "-subj", `/CN=${subject}`];
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const made = Bun.spawnSync(["openssl", "req", "-x509", ...key, ...by, ...files, ...added], {
    cwd: folder,
    stderr: "pipe",
  });
  if (!made.success) throw new Error(made.stderr.toString());
}

const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), "utf8");
const pair = (name: string) => ({ cert: pem(name), key: readFileSync(join(folder, `${name}.key`), "utf8") });

const leaf = "basicConstraints=CA:FALSE";
make("ca", "xCAT CA");
make("anew", "xCAT CA");
make("between", "Between", "ca");
make("plain", "mn", "ca", leaf);
make("below", "mn", "between", leaf);
make("wildcard", "x", "ca", leaf, "subjectAltName=DNS:*.cluster.test");
make("client", "n01", "ca", leaf, "extendedKeyUsage=clientAuth");
make("stranger", "n01", "anew", leaf);

/** What becomes of an exchange with a server that shows a certificate; "trusted", or why not. */
async function outcome(
  shown: string,
  {
    ca = "ca",
    host = "127.0.0.1",
    client,
  }: { ca?: string; host?: string; client?: readonly [string, string] },
): Promise<string> {
  await using server = await serveTls(pair(shown), (socket) =>
    socket.end(goldenAnswer(baseline, "n01", "litefile")),
  );
  const own = client && { client: { cert: pair(client[0]).cert, key: pair(client[1]).key } };
  const task = {
    endpoint: { ...server.endpoint, host },
    request: "<xcatrequest><command>litefile</command></xcatrequest>\n",
    trust: { mode: "verify" as const, ca: pem(ca), ...own },
    times: { connect: 20_000, silence: 20_000, total: 20_000 },
  };
  return await exchange(task).then(
    () => "trusted",
    ({ kind, found }: QueryFailure) => `${kind}: ${found}`,
  );
}

const cases: readonly (readonly [string, string, Parameters<typeof outcome>[1], RegExp])[] = [
  ["an asterisk stands for the first label", "wildcard", { host: "mn.cluster.test" }, /^trusted$/],
  ["it does so whatever the case", "wildcard", { host: "MN.Cluster.Test" }, /^trusted$/],
  [
    "not for two labels",
    "wildcard",
    { host: "a.mn.cluster.test" },
    /^certificate: wrong name: .* for \*\.cluster\.test, not/,
  ],
  ["not for none", "wildcard", { host: "cluster.test" }, /^certificate: wrong name/],
  ["not for a short name", "wildcard", { host: "mn" }, /^certificate: wrong name/],
  [
    "a CA that was made anew has its old name: the fingerprint tells which the initrd has",
    "plain",
    { ca: "anew" },
    /not signed by the CA in the initrd \(xCAT CA, SHA-256 [0-9A-F:]{23}…; /,
  ],
  [
    "a CA in the initrd that is not the last of its chain",
    "below",
    { ca: "between" },
    /^certificate: the CA in the initrd, Between, is itself signed by another, xCAT CA, which is not there$/,
  ],
  [
    "a client's certificate in a server's place",
    "client",
    {},
    /^certificate: .* not for servers: .*serverAuth$/,
  ],
  [
    "a certificate of the node's with the key of another",
    "plain",
    { client: ["client", "plain"] },
    /^certificate: the node's own certificate and key in the initrd .* not of each other$/,
  ],
];

test.each(cases)("the server's certificate: %s", async (_rule, shown, options, expected) => {
  expect(await outcome(shown, options)).toMatch(expected);
});

describe("what is out of its time is said to be the CA's where that is", () => {
  const now = new Date();
  const later = new Date("2199-01-01");
  const both = () => pem("ca") + pem("anew");
  const rows: readonly (readonly [string, Date, () => string, string])[] = [
    ["CERT_HAS_EXPIRED", now, both, "the server's certificate has expired; "],
    [
      "CERT_HAS_EXPIRED",
      later,
      both,
      "the CA in the initrd has expired; this node's clock says 2199-01-01 00:00",
    ],
    ["CERT_NOT_YET_VALID", now, both, "the server's certificate is not yet valid; "],
    [
      "CERT_NOT_YET_VALID",
      new Date(0),
      both,
      "the CA in the initrd is not yet valid; this node's clock says 1970-",
    ],
    ["CERT_HAS_EXPIRED", later, () => "", "the server's certificate has expired; "],
  ];
  test.each(rows)("%s, %p", (code, clock, ca, found) => {
    expect(describeCertificate(code, clock, ca()).found).toStartWith(found);
  });
});

/** A server that insists on a certificate of the CA; OpenSSL's, as Bun's own only notes what is wrong with one. */
async function askInsisting(version: string, client?: string): Promise<string> {
  const shown = [
    "-cert",
    "plain.pem",
    "-key",
    "plain.key",
    "-CAfile",
    "ca.pem",
    "-Verify",
    "1",
    "-verify_return_error",
  ];
  const server = Bun.spawn(["openssl", "s_server", "-accept", "127.0.0.1:0", ...shown, version], {
    cwd: folder,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  });
  try {
    let said = "";
    let port: string | undefined;
    for await (const piece of server.stdout) {
      said += new TextDecoder().decode(piece);
      port = /^ACCEPT 127\.0\.0\.1:(\d+)$/m.exec(said)?.[1];
      if (port !== undefined) break;
    }
    const task = {
      endpoint: { host: "127.0.0.1", address: "127.0.0.1", port: Number(port) },
      request: "<xcatrequest><command>litefile</command></xcatrequest>\n",
      trust: { mode: "verify" as const, ca: pem("ca"), ...(client && { client: pair(client) }) },
      times: { connect: 20_000, silence: 20_000, total: 20_000 },
    };
    return await exchange(task).then(
      () => "answered",
      ({ kind, found }: QueryFailure) => `${kind}: ${found}`,
    );
  } finally {
    server.kill();
    await server.exited;
  }
}

test.each([
  ["-tls1_3", undefined, /^handshake: the server wants this node to show a certificate, and it has none/],
  ["-tls1_3", "stranger", /^handshake: the server does not take the certificate that this node shows/],
  ["-tls1_2", "stranger", /^handshake: the server does not take the certificate that this node shows/],
] as const)("a server that insists on a certificate (%s, %s)", async (version, client, expected) => {
  expect(await askInsisting(version, client)).toMatch(expected);
});
