import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listenBootFiles } from "../../../server-stub/boot-files/listen.ts";
import { LimitedLog } from "../../../server-stub/serve/limited-log.ts";
import type { Listening } from "../../../server-stub/serve/listener.ts";

let folder: string;
let listening: Listening;
const lines: string[] = [];
const log = new LimitedLog({ line: (text) => void lines.push(text) });
const kernel = Buffer.alloc(3_000_000, "kernel ");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "statelite-boot-files-"));
  const tftp = join(folder, "tftpboot");
  mkdirSync(join(tftp, "xcat/osimage/img"), { recursive: true });
  writeFileSync(join(tftp, "xcat/osimage/img/kernel"), kernel);
  writeFileSync(join(tftp, "xcat/.secret"), "half a file");
  writeFileSync(join(folder, "secret"), "outside");
  symlinkSync("osimage/img/kernel", join(tftp, "xcat/inside"));
  symlinkSync(join(folder, "secret"), join(tftp, "xcat/outside"));
  symlinkSync(folder, join(tftp, "up"));
  listening = listenBootFiles({ host: "127.0.0.1", port: 0 }, tftp, log);
});
afterAll(async () => {
  await listening.close();
  rmSync(folder, { recursive: true });
});

/** As it is written: fetch would take the dots out of the path itself. */
function ask(request: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(listening.address.split(":").at(-1)), "127.0.0.1");
    socket.on("data", (bytes: Buffer) => pieces.push(bytes));
    socket.on("error", () => {}); // "close" follows.
    socket.on("close", () => resolve(Buffer.concat(pieces)));
    socket.write(`${request}\r\nHost: mn\r\nConnection: close\r\n\r\n`);
  });
}

const status = async (request: string): Promise<string> =>
  (await ask(request)).toString("latin1").split("\r\n", 1)[0] ?? "";

test("a boot loader gets a file whole, with its length", async () => {
  const answer = await ask("GET /tftpboot/xcat/osimage/img/kernel HTTP/1.1");
  const end = answer.indexOf("\r\n\r\n");
  expect(answer.subarray(0, end).toString().toLowerCase()).toContain(`content-length: ${kernel.length}`);
  expect(answer.subarray(end + 4).equals(kernel)).toBe(true);
  expect(lines).toContain("127.0.0.1: boot file /tftpboot/xcat/osimage/img/kernel: 3000000 bytes");
});

describe("what is asked for", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["its head alone", "HEAD /tftpboot/xcat/osimage/img/kernel HTTP/1.1", "HTTP/1.1 200 OK"],
    [
      "two slashes, as xCAT writes them",
      "GET /tftpboot//xcat/osimage/img/kernel HTTP/1.1",
      "HTTP/1.1 200 OK",
    ],
    ["two slashes before it", "GET //tftpboot/xcat/osimage/img/kernel HTTP/1.1", "HTTP/1.1 200 OK"],
    ["a link inside", "GET /tftpboot/xcat/inside HTTP/1.1", "HTTP/1.1 200 OK"],
    ["percent signs", "GET /tftpboot/xcat/osimage/img/%6bernel HTTP/1.1", "HTTP/1.1 200 OK"],
    ["what is not there", "GET /tftpboot/nosuch HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["what is not below /tftpboot", "GET /secret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["a directory", "GET /tftpboot/xcat HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["the top", "GET /tftpboot/ HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["dots", "GET /tftpboot/../secret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["dots in disguise", "GET /tftpboot/%2e%2e/secret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["slashes in disguise", "GET /tftpboot/..%2fsecret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["a NUL", "GET /tftpboot/xcat%00 HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["what is no UTF-8", "GET /tftpboot/%ff HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["a name with a dot before it", "GET /tftpboot/xcat/.secret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["a link to outside", "GET /tftpboot/xcat/outside HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["by way of a link to outside", "GET /tftpboot/up/secret HTTP/1.1", "HTTP/1.1 404 Not Found"],
    ["to write", "PUT /tftpboot/new HTTP/1.1", "HTTP/1.1 405 Method Not Allowed"],
  ];
  for (const [rule, request, expected] of cases) {
    test(rule, async () => {
      expect(await status(request)).toBe(expected);
    });
  }
});

test("who asks for a hundred files that are not there does not fill the log", async () => {
  log.flush();
  lines.length = 0;
  await Promise.all(Array.from({ length: 100 }, (_, n) => status(`GET /tftpboot/nosuch${n} HTTP/1.1`)));
  log.flush();
  expect(lines).toHaveLength(21);
  expect(lines[0]).toMatch(/^127\.0\.0\.1: boot file not there: \/tftpboot\/nosuch\d+$/);
  expect(lines.at(-1)).toBe("80 more: boot file not there, from 1 addresses");
});

test("an address that is taken is said", () => {
  const at = { host: "127.0.0.1", port: Number(listening.address.split(":").at(-1)) };
  expect(() => listenBootFiles(at, folder, log)).toThrow(/listen: 127\.0\.0\.1:\d+: .*--boot-listen/);
});
