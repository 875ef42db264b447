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
    [
      "a token",
      { "ca.pem": "CA", token: "correct-horse-battery-staple\n" },
      { mode: "verify", ca: "CA", token: "correct-horse-battery-staple" },
    ],
  ])("%s", async (_, files, trust) => {
    expect(await readTrust("verify", folder(files))).toEqual(trust as never);
  });

  test("no CA is the end of the boot, whatever else there is", async () => {
    const made = await readTrust("verify", folder({ pins: "one\n" })).catch((error: unknown) => error);
    expect(made).toBeInstanceOf(BootError);
    expect((made as BootError).problems[0]).toMatchObject({ class: "fatal", code: "tls-no-ca" });
  });

  test.each([
    ["too short", "secret"],
    ["two of them", "correct-horse-battery-staple secret-secret-secret"],
  ])("what is no token, %s, is the end of the boot, and not in the message", async (_, token) => {
    const made = await readTrust("verify", folder({ "ca.pem": "CA", token })).catch(
      (error: unknown) => error,
    );
    expect((made as BootError).problems[0]).toMatchObject({ class: "fatal", code: "tls-token" });
    expect((made as BootError).message).not.toContain("secret");
  });

  test("an initrd that requires the proof takes no statelite.tls=insecure, and boots without it", async () => {
    const ca = folder({ "ca.pem": "CA", "tls-required": "" });
    const made = await readTrust("insecure", ca).catch((error: unknown) => error);
    expect((made as BootError).problems[0]).toMatchObject({ class: "fatal", code: "tls-required" });
    expect(await readTrust("verify", ca)).toEqual({ mode: "verify", ca: "CA" });
  });

  test("statelite.tls=insecure trusts anybody, and shows nobody the node's key or token", async () => {
    const token = "correct-horse-battery-staple";
    const ca = folder({ "ca.pem": "CA", "client.pem": "cert", "client.key": "key", token });
    expect(await readTrust("insecure", ca)).toEqual({ mode: "insecure" });
  });
});
