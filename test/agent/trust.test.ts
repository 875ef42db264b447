import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootError } from "../../agent/errors.ts";
import { readTrust } from "../../agent/trust.ts";

const base = mkdtempSync(join(tmpdir(), "statelite-trust-"));
afterAll(() => rmSync(base, { recursive: true }));

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(base, "initrd-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return join(path, "ca.pem");
}

describe("what an initrd trusts, and shows", () => {
  test.each([
    ["the CA alone", { "ca.pem": "CA" }, { mode: "verify", ca: "CA" }],
    [
      "pinned keys",
      { "ca.pem": "CA", pins: "one\ntwo\n" },
      { mode: "verify", ca: "CA", pins: ["one", "two"] },
    ],
    [
      "a certificate with its key",
      { "ca.pem": "CA", "client.pem": "cert", "client.key": "key" },
      { mode: "verify", ca: "CA", client: { cert: "cert", key: "key" } },
    ],
    [
      "a certificate without its key is none",
      { "ca.pem": "CA", "client.pem": "cert" },
      { mode: "verify", ca: "CA" },
    ],
  ])("%s", async (_, files, trust) => {
    expect(await readTrust("verify", folder(files))).toEqual(trust as never);
  });

  test("no CA is the end of the boot, whatever else there is", async () => {
    const made = await readTrust("verify", folder({ pins: "one\n" })).catch((error: unknown) => error);
    expect(made).toBeInstanceOf(BootError);
    expect((made as BootError).problems[0]).toMatchObject({ class: "fatal", code: "tls-no-ca" });
  });

  test("statelite.tls=insecure trusts anybody, and shows nobody the node's key", async () => {
    const ca = folder({ "ca.pem": "CA", "client.pem": "cert", "client.key": "key" });
    expect(await readTrust("insecure", ca)).toEqual({ mode: "insecure" });
  });
});
