import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../server-stub/main.ts");
const demo = join(import.meta.dir, "../../qemu/demo/tables");

let folder: string;
let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
let said: unknown;
const ports = ["--listen", "--monitor", "--http", "--http-plain", "--boot-listen"];
const command = () => [
  ...[process.execPath, main, "serve", "--json", "--tables", demo, "--no-dns"],
  ...["--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem")],
  ...["--boot-files", join(folder, "tftpboot"), ...ports.flatMap((port) => [port, "127.0.0.1:0"])],
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "statelite-serve-"));
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
  const made = Bun.spawnSync(
    ["sh", "-c", `openssl req -x509 ${key} -keyout key.pem -out cert.pem -subj /CN=mn`],
    {
      cwd: folder,
    },
  );
  expect(made.exitCode).toBe(0);
  mkdirSync(join(folder, "tftpboot/xcat"), { recursive: true });
  writeFileSync(join(folder, "tftpboot/xcat/kernel"), "a kernel");
  child = Bun.spawn(command(), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  said = JSON.parse(await firstLine(child.stdout));
});

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const bytes of stream) {
    text += new TextDecoder().decode(bytes);
    if (text.includes("\n")) break;
  }
  return text;
}

afterAll(async () => {
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  rmSync(folder, { recursive: true });
});

test("serve --json says in one line where each port is, by the option that asks for it", () => {
  const somewhere = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(said).toEqual({
    http: somewhere,
    "http-plain": somewhere,
    monitor: somewhere,
    "boot-files": somewhere,
    listen: somewhere,
  });
});

test("boot loaders get what is in the folder", async () => {
  const address = (said as Readonly<Record<string, string>>)["boot-files"];
  const answer = await fetch(`http://${address}/tftpboot/xcat/kernel`);
  expect(await answer.text()).toBe("a kernel");
});

for (const [log, words] of [
  ["whose reader has ended", '"$@" 2> >(exit)'],
  ["on a disk that is full", '"$@" 2> /dev/full'],
] as const)
  test(`a log ${log} ends no server`, async () => {
    const server = Bun.spawn(["bash", "-c", `exec ${words}`, "bash", ...command()], {
      stdin: "ignore",
      stdout: "pipe",
    });
    const at = JSON.parse(await firstLine(server.stdout)) as Readonly<Record<string, string>>;
    for (let asked = 0; asked < 3; asked += 1)
      expect((await fetch(`http://${at["http-plain"]}/healthz`)).status).toBe(200);
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  });
