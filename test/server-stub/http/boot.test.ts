import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootDocumentSchema } from "../../../agent/xcat/boot-document.ts";
import { queryTables } from "../../../agent/xcat/client.ts";
import { World } from "../../agent/xcat/world.ts";
import { type HttpOptions, http, type RawAnswer } from "../support/http.ts";
import { logs, startServer, type TestServer } from "../support/server.ts";

const golden = join(import.meta.dir, "../../golden/xcatd");
const names = {
  "127.0.0.11": "n01",
  "127.0.0.12": "n02-eth0.cluster.test",
  "127.0.0.13": "n03",
  "127.0.0.99": "stranger",
};
const n01: HttpOptions = { source: "127.0.0.11" };
const TOKEN = "correct-horse-battery-staple";

let server: TestServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-http-"));
  await cp(join(golden, "tables-baseline"), join(folder, "tables"), { recursive: true });
  const policy = join(folder, "tables", "policy.csv");
  await writeFile(
    policy,
    `${await Bun.file(policy).text()}"5","n02",,"litefile,litetree","n04",,,"allow",,\n`,
  );
  await writeFile(join(folder, "tokens"), `# node token\nn02 ${TOKEN}\nnobody ${TOKEN}-of-nobody\n`);
  const options = [
    "--http",
    "127.0.0.1:0",
    "--http-plain",
    "127.0.0.1:0",
    "--tokens",
    join(folder, "tokens"),
  ];
  server = await startServer(join(folder, "tables"), names, ...options);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const boot = (node: string, options: HttpOptions = n01) => http(server, `/v1/nodes/${node}/boot`, options);
const kind = ({ body }: RawAnswer): string => JSON.parse(body).type.replace("urn:statelite:problem:", "");

describe("the boot document", () => {
  test("has everything that a boot has to be told", async () => {
    const { status, headers, body } = await boot("n01");
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    const document = bootDocumentSchema.parse(JSON.parse(body));
    expect(document).toMatchObject({ schema: 1, node: "n01", image: "rhels9-x86_64-statelite-compute" });
    expect(document.litefile).toHaveLength(26);
    expect(document.litefile[0]).toEqual({ options: "tmpfs", path: "/etc/adjtime" });
    expect(document.litetree.map(({ directory }) => directory)).toEqual([
      "/syncdirs/n01",
      "/syncdirs/rhels9/compute",
      "/syncdirs/common",
    ]);
    expect(document.state?.location).toMatch(/^[\w.]+:\//);
    expect("partition" in document).toBe(false);
  });

  test("is there over plain HTTP, too, where that was asked for", async () => {
    const [secure, plain] = await Promise.all([boot("n01"), boot("n01", { ...n01, plain: true })]);
    expect(plain.body).toBe(secure.body);
  });

  test("is the asker's own for -, for the name with the site's domain, and escaped", async () => {
    const { body } = await boot("n01");
    for (const name of ["-", "n01.cluster.test", "%6e01"]) expect((await boot(name)).body).toBe(body);
  });

  test("is not sent again to who has it", async () => {
    const { headers, body } = await boot("n01");
    const tag = headers["etag"] ?? "";
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    for (const given of [tag, `"other", ${tag}`, `W/${tag}`, "*"]) {
      const again = await boot("n01", { ...n01, headers: { "If-None-Match": given } });
      expect([again.status, again.headers["etag"], again.body]).toEqual([304, tag, ""]);
    }
    const other = await boot("n01", { ...n01, headers: { "If-None-Match": '"other"' } });
    expect([other.status, other.body]).toEqual([200, body]);
  });

  test("is another one, with another ETag, once a table has changed", async () => {
    const before = await boot("n01");
    const litefile = join(folder, "tables", "litefile.csv");
    await appendFile(litefile, '"ALL","/etc/new","tmpfs",,\n');
    const again = () => boot("n01", { ...n01, headers: { "If-None-Match": before.headers["etag"] ?? "" } });
    let after = await again();
    for (let tries = 0; tries < 100 && after.status === 304; tries++) {
      await Bun.sleep(50);
      after = await again();
    }
    expect(after.body).toContain('"/etc/new"');
    expect(after.headers["etag"]).not.toBe(before.headers["etag"] ?? "");
  });

  test("has the partition file where policy lets the node ask for it", async () => {
    const asked = async () => JSON.parse((await boot("n02", { source: "127.0.0.12" })).body).partition;
    expect(await asked()).toBeUndefined();
    await appendFile(join(folder, "tables", "policy.csv"), '"7.1",,"n02","getpartition",,,,"allow",,\n');
    for (let tries = 0; tries < 100 && (await asked()) === undefined; tries++) await Bun.sleep(50);
    expect(await asked()).toEqual(["Error: No entry in linuximage table"]);
    expect(JSON.parse((await boot("n01")).body).partition).toBeUndefined();
  });

  test("comes without its body for HEAD", async () => {
    const whole = await boot("n01");
    const head = await boot("n01", { ...n01, method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(whole.body)));
    expect(head.headers["etag"]).toBe(whole.headers["etag"] ?? "");
  });
});

describe("who may have it", () => {
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
  // biome-ignore format: one case a line
  const cases: readonly [rule: string, node: string, options: HttpOptions, status: number, problem?: string][] = [
    ["a node by its address", "n01", n01, 200],
    ["a node by a reverse name with interface and domain", "n02", { source: "127.0.0.12" }, 200],
    ["not another node", "n02", n01, 403, "other-node"],
    ["nor does it learn whether there is one", "n99", n01, 403, "other-node"],
    ["no address whose name is no node", "n01", { source: "127.0.0.99" }, 403, "unknown-node"],
    ["no address without a name", "-", { source: "127.0.0.98" }, 403, "unknown-node"],
    ["a node without an image is told so", "n03", { source: "127.0.0.13" }, 409, "no-image"],
    ["a node by its token, from anywhere", "n02", bearer(TOKEN), 200],
    ["the scheme in any case, and more than one blank", "n02", { headers: { Authorization: `bearer   ${TOKEN}` } }, 200],
    ["only that node", "n01", bearer(TOKEN), 403, "other-node"],
    ["whatever its address stands for", "n01", { ...n01, ...bearer(TOKEN) }, 403, "other-node"],
    ["not with a wrong token, also from its own address", "n01", { ...n01, ...bearer("x".repeat(20)) }, 401, "unauthorized"],
    ["not with the token of who is no node", "-", bearer(`${TOKEN}-of-nobody`), 401, "unauthorized"],
    ["not with another scheme", "n01", { ...n01, headers: { Authorization: "Basic bjAxOng=" } }, 401, "unauthorized"],
    ["a node by a certificate with its name, from anywhere", "n02", { certificate: "n02" }, 200],
    ["or with the site's domain in it", "n02", { certificate: "n02.cluster.test" }, 200],
    ["only that node, whatever its address stands for", "n01", { ...n01, certificate: "n02" }, 403, "other-node"],
    ["an administrator by a certificate that the policy names", "n02", { certificate: "root" }, 200],
    ["who is told what is no node", "n99", { certificate: "root" }, 404, "unknown-node"],
  ];
  for (const [rule, node, options, status, problem] of cases) {
    test(rule, async () => {
      const answer = await boot(node, options);
      expect([answer.status, problem && kind(answer)]).toEqual([status, problem]);
      if (problem === undefined) expect(JSON.parse(answer.body).node).toBe(node);
      else expect(answer.headers["content-type"]).toBe("application/problem+json");
    });
  }

  test("nobody by a certificate that the CA did not sign, also from a node's address", async () => {
    const answer = await boot("n01", { ...n01, certificate: "evil" });
    expect([answer.status, kind(answer)]).toEqual([403, "certificate"]);
    expect(answer.body).toContain("client certificate refused: DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(
      await logs(server, "127.0.0.11: HTTP 403: GET /v1/nodes/n01/boot: 403 client certificate refused"),
    ).toBe(true);
  });

  test("a refusal by its token asks for one", async () => {
    const { headers } = await boot("n01", bearer("no"));
    expect(headers["www-authenticate"]).toBe('Bearer realm="statelite"');
  });

  test("the log says who asked for what, and never the token", async () => {
    await boot("n02", bearer(TOKEN));
    expect(await logs(server, "127.0.0.1: GET /v1/nodes/n02/boot: 200")).toBe(true);
    expect(server.log()).not.toContain(TOKEN);
  });
});

test.each(["token", "certificate"])(
  "an agent whose address stands for nobody is known by its %s",
  async (by) => {
    const file = (name: string) => Bun.file(join(server.directory, name)).text();
    const client = { cert: await file("n02.pem"), key: await file("n02.key") };
    const proof = by === "token" ? { token: TOKEN } : { client };
    const trust = { mode: "verify", ca: await file("ca.pem"), ...proof } as const;
    const servers = [{ protocol: "json", url: `https://127.0.0.1:${server.httpPort}/` }] as const;
    expect((await queryTables({ servers, trust, within: 20_000 }, new World())).node).toBe("n02");
  },
);

test("/healthz is for everybody", async () => {
  const { status, body } = await http(server, "/healthz", { source: "127.0.0.98" });
  expect([status, JSON.parse(body).status]).toEqual([200, "ok"]);
});
