import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../server-stub/main.ts");
const demo = join(import.meta.dir, "../../qemu/demo/tables");

let folder: string;
let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
let said: unknown;

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
  const ports = ["--listen", "--monitor", "--http", "--http-plain", "--boot-listen"];
  child = Bun.spawn(
    [
      ...[process.execPath, main, "serve", "--json", "--tables", demo, "--no-dns"],
      ...["--cert", join(folder, "cert.pem"), "--key", join(folder, "key.pem")],
      ...["--boot-files", join(folder, "tftpboot"), ...ports.flatMap((port) => [port, "127.0.0.1:0"])],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  let text = "";
  for await (const bytes of child.stdout) {
    text += new TextDecoder().decode(bytes);
    if (text.includes("\n")) break;
  }
  said = JSON.parse(text);
});
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
