import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { http } from "./support/http.ts";
import { ask, logs, startServer, type TestServer } from "./support/server.ts";

const baseline = join(import.meta.dir, "../golden/xcatd/tables-baseline");
const request = (command: string): string => `<xcatrequest><command>${command}</command></xcatrequest>\n`;

/** A table that is there and cannot be read is no empty one: a node would boot without what it is to have. */
describe("a table that could never be read", () => {
  let folder: string;
  let server: TestServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "statelite-unreadable-"));
    cpSync(baseline, folder, { recursive: true });
    writeFileSync(join(folder, "litefile.csv"), "");
    server = await startServer(folder, { "127.0.0.11": "n01" }, "--http", "127.0.0.1:0");
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  test("is refused on xcatd's port, and all else answered", async () => {
    expect(await ask(server, "127.0.0.11", request("litefile"))).toBe(
      "<xcatresponse>\n  <error>the litefile table cannot be read; the server's log has more</error>\n" +
        "  <errorcode>1</errorcode>\n  <serverdone></serverdone>\n</xcatresponse>\n",
    );
    expect(await ask(server, "127.0.0.11", request("litetree"))).toContain("<info>n01: ");
  });

  test("is refused over HTTP", async () => {
    const answer = await http(server, "/v1/nodes/-/boot", { source: "127.0.0.11" });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toMatchObject({
      type: "urn:statelite:problem:failed",
      detail: "the litefile table cannot be read; the server's log has more",
    });
  });

  test("as it is that of the nodes, nobody is told anything, and the log says why in a line", async () => {
    const other = mkdtempSync(join(tmpdir(), "statelite-unreadable-"));
    cpSync(baseline, other, { recursive: true });
    writeFileSync(join(other, "nodelist.csv"), "");
    const stranger = await startServer(other, { "127.0.0.11": "n01" });
    expect(await ask(stranger, "127.0.0.11", request("litefile"))).toBe("");
    expect(
      await logs(stranger, "127.0.0.11: cannot answer: look into a table: nodelist: no header line"),
    ).toBe(true);
    expect(stranger.log()).not.toContain(" at ");
    await stranger.stop();
    rmSync(other, { recursive: true });
  });

  test("ends a command that needs it, and no other", () => {
    const run = (...words: string[]) => {
      const main = join(import.meta.dir, "../../server-stub/main.ts");
      const { exitCode, stderr } = Bun.spawnSync([process.execPath, main, ...words, "--tables", folder]);
      return [exitCode, stderr.toString()];
    };
    const image = join(folder, "image");
    mkdirSync(image);
    expect(run("liteimg", "rhels9-x86_64-statelite-compute", "--root", image, "--dry-run")).toEqual([
      1,
      expect.stringMatching(/look into a table: litefile: no header line such as .*; mend the table/),
    ]);
    expect(run("noderange", "all")[0]).toBe(0);
  });

  test("is used once it is mended", async () => {
    writeFileSync(join(folder, "litefile.csv"), readFileSync(join(baseline, "litefile.csv")));
    let answer = "";
    for (let tries = 0; tries < 100 && !answer.includes("/etc/adjtime"); tries++) {
      await Bun.sleep(50);
      answer = await ask(server, "127.0.0.11", request("litefile"));
    }
    expect(answer).toContain("<info>n01: tmpfs         /etc/adjtime</info>");
  });
});
