import { afterAll, expect, test } from "bun:test";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Console } from "../../../agent/failure/console.ts";

/** A pipe in place of a terminal: full, it takes nothing until somebody reads. */

const base = mkdtempSync(join(tmpdir(), "statelite-console-"));
afterAll(() => rmSync(base, { recursive: true }));
let count = 0;

function makePipe() {
  const path = join(base, String(count++));
  Bun.spawnSync(["mkfifo", path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const read = (): string => {
    const buffer = Buffer.alloc(1 << 16);
    try {
      return buffer.toString("utf8", 0, readSync(fd, buffer));
    } catch {
      return ""; // There is nothing at the moment.
    }
  };
  const fill = () => {
    try {
      for (;;) writeSync(fd, Buffer.alloc(4096, "."));
    } catch {
      // It is full.
    }
  };
  return { path, read, fill, [Symbol.dispose]: () => closeSync(fd) };
}

/** What is read until a text comes. */
async function readUntil(read: () => string, text: string): Promise<string> {
  let all = "";
  while (!all.includes(text)) {
    all += read();
    await Bun.sleep(1);
  }
  return all;
}

test("a line is there at once", () => {
  using pipe = makePipe();
  new Console(pipe.path).write("one");
  expect(pipe.read()).toBe("one\n");
});

test("what a stopped console was told comes in order once it goes on, and nobody has waited", async () => {
  using pipe = makePipe();
  const terminal = new Console(pipe.path);
  pipe.fill();
  for (let n = 0; n < 10_000; n++) terminal.write(`line ${n}`);
  const said = (await readUntil(pipe.read, "line 9999\n")).replace(/^\.*/, "");
  expect(said).toBe(Array.from({ length: 10_000 }, (_, n) => `line ${n}\n`).join(""));
});

test("one that is stopped for too long is told how much it has missed", async () => {
  using pipe = makePipe();
  const terminal = new Console(pipe.path);
  pipe.fill();
  for (let n = 0; n < 5000; n++) terminal.write(`${n} ${"x".repeat(94)}`);
  terminal.write("the last line");
  const said = await readUntil(pipe.read, "the last line\n");
  const [, missing = ""] = /^statelite: (\d+) lines are missing here/m.exec(said) ?? [];
  expect(said).toMatch(/^\.+0 x+\nstatelite: \d+ lines are missing here/);
  const whole = said.split("\n").filter((line) => line.endsWith("xxx")).length;
  expect(whole + Number(missing)).toBe(5000);
});

test("draining ends, whether the console moves or not", () => {
  using pipe = makePipe();
  const terminal = new Console(pipe.path);
  pipe.fill();
  terminal.write("waits");
  terminal.drain();
  while (pipe.read() !== "");
  terminal.drain();
  expect(pipe.read()).toBe("waits\n");
});

test("a console that is gone is no failure", () => {
  const path = join(base, "full");
  Bun.spawnSync(["ln", "-s", "/dev/full", path]);
  const terminal = new Console(path);
  terminal.write("nobody");
  terminal.drain();
});
