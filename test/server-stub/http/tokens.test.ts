import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BootError } from "../../../agent/errors.ts";
import { openTokens } from "../../../server-stub/http/tokens.ts";

const TOKEN = "correct-horse-battery-staple";

let folder: string;
const lines: string[] = [];
const log = { line: (text: string) => void lines.push(text) };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "statelite-tokens-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(text: string) {
  const path = join(folder, "tokens");
  await writeFile(path, text);
  return openTokens(path, log);
}

test("a token stands for its node, comments and blank lines for nothing", async () => {
  const tokens = await open(`# all of them\n\nn01   ${TOKEN}1 # rack\r1\r\n n02\t${TOKEN}2`);
  expect(await tokens.nodeOf(`${TOKEN}1`)).toBe("n01");
  expect(await tokens.nodeOf(`${TOKEN}2`)).toBe("n02");
  expect(await tokens.nodeOf(TOKEN)).toBeUndefined();
  expect(await tokens.nodeOf("")).toBeUndefined();
});

test("without a file nobody has one", async () => {
  expect(await (await openTokens(undefined, log)).nodeOf(TOKEN)).toBeUndefined();
});

test.each([
  ["too short a token", `n01 ${TOKEN}\nn02 secret`, "line 2: not a node and a token"],
  ["no token", "n01", "line 1: not a node and a token"],
  ["a third word", `n01 ${TOKEN} secret`, "line 1: not a node and a token"],
  ["one token of two nodes", `n01 ${TOKEN}\n\nn02 ${TOKEN}`, "line 3: a token that stands for another node"],
])("%s is named by its line, and not said", async (_, text, found) => {
  const error = await open(text).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BootError);
  expect((error as BootError).message).toContain(found);
  expect((error as BootError).message).not.toMatch(/secret|horse/);
});

test("a file that changes is read again, one that is wrong is said once and leaves the last content", async () => {
  const tokens = await open(`n01 ${TOKEN}1`);
  const become = async (token: string, node: string | undefined): Promise<boolean> => {
    for (let tries = 0; tries < 100 && (await tokens.nodeOf(token)) !== node; tries++) await Bun.sleep(50);
    return (await tokens.nodeOf(token)) === node;
  };
  await writeFile(join(folder, "tokens"), `n02 ${TOKEN}2\n`);
  expect(await become(`${TOKEN}2`, "n02")).toBe(true);
  expect(await tokens.nodeOf(`${TOKEN}1`)).toBeUndefined();
  await writeFile(join(folder, "tokens"), "nonsense\n");
  for (let tries = 0; tries < 100 && lines.length === 0; tries++) {
    await Bun.sleep(50);
    await tokens.nodeOf("");
  }
  expect(lines).toEqual([expect.stringContaining("line 1: not a node and a token")]);
  expect(await tokens.nodeOf(`${TOKEN}2`)).toBe("n02");
});
