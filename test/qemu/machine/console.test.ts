import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Console } from "../../../qemu/machine/console.ts";

const directory = mkdtempSync(join(tmpdir(), "bench-console-"));
afterAll(() => rmSync(directory, { recursive: true }));

let count = 0;
function open(typed: string[] = []): { console: Console; file: string; feed: (text: string) => void } {
  const file = join(directory, `${count++}.console`);
  const console = new Console("n01", file, (text) => typed.push(text));
  return { console, file, feed: (text) => console.feed(new TextEncoder().encode(text)) };
}

test.each([
  ["one line", ["login\n"], ["login"]],
  ["carriage returns of a terminal", ["a\r\nb\r\r\n"], ["a", "b"]],
  ["pieces that split anywhere", ["lo", "gi", "n\nnext", "\n"], ["login", "next"]],
  ["a line that is not ended", ["a\nb"], ["a"]],
])("lines: %s", (_, pieces, expected) => {
  const { console, feed } = open();
  for (const piece of pieces) feed(piece);
  expect(console.lines.map((line) => line.text)).toEqual(expected);
});

test("a character that two pieces share arrives whole", () => {
  const { console } = open();
  const bytes = new TextEncoder().encode("ä\n");
  console.feed(bytes.subarray(0, 1));
  console.feed(bytes.subarray(1));
  expect(console.lines[0]?.text).toBe("ä");
});

test("waiting finds a line that came before, and one that comes later", async () => {
  const { console, feed } = open();
  feed("already here 1\n");
  expect((await console.waitFor(/here (\d)/, 1))[1]).toBe("1");
  const later = console.waitFor(/later (\d)/, 5);
  feed("later ");
  feed("2\n");
  expect((await later)[1]).toBe("2");
});

test("a line counts once it is whole, a prompt before that", async () => {
  const { console, feed } = open();
  feed("# ");
  await expect(console.waitFor(/^# /, 0.05)).rejects.toThrow("not after 0.05 s");
  expect((await console.waitForPrompt(/^# /, 1))[0]).toBe("# ");
});

test("waiting in vain shows the last 40 lines", async () => {
  const { console, feed } = open();
  for (let line = 1; line <= 50; line++) feed(`line ${line}.\n`);
  const message = await console.waitFor(/never/, 0.05).catch(String);
  expect(message).toContain("line 11.");
  expect(message).toContain("line 50.");
  expect(message).not.toContain("line 10.");
});

test("waiting ends when the machine does", async () => {
  const { console, feed } = open();
  const waiting = console.waitFor(/login/, 60);
  feed("reboot: Power down");
  console.end("the machine has ended");
  await expect(waiting).rejects.toThrow("the machine has ended");
  await expect(console.waitFor(/login/, 60)).rejects.toThrow("the machine has ended");
  expect(console.has(/Power down/)).toBe(true);
});

test("a flood of lines keeps its end, and what is waited for is still found", async () => {
  const { console, feed } = open();
  const waiting = console.waitFor(/^needle/, 30);
  feed("x\n".repeat(30_000));
  expect(console.lines.length).toBeLessThanOrEqual(20_000);
  feed("needle\n");
  expect((await waiting)[0]).toBe("needle");
});

test("the transcript in the file is harmless to print, and says what was typed", () => {
  const typed: string[] = [];
  const { console, file, feed } = open(typed);
  feed("\u001b[2Jgone\n");
  console.type("exit\n");
  expect(typed).toEqual(["exit\n"]);
  expect(readFileSync(file, "utf8")).toMatch(
    /^ +\d+\.\d{3} \\x1b\[2Jgone\n +\d+\.\d{3} -- typed: "exit\\n"\n$/,
  );
});
