import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOGUE, CHAPTERS, type ProblemCode } from "../agent/catalogue/catalogue.ts";
import { withCatalogue } from "../agent/catalogue/page.ts";
import { piecesOf } from "../agent/syslog/message.ts";

const project = join(import.meta.dir, "..");
const page = readFileSync(join(project, "ADMINISTRATORS.md"), "utf8");

test("the page's messages are those of the code (bun agent/catalogue/write-page.ts makes them anew)", () => {
  expect(withCatalogue(page)).toBe(page);
});

test("every code is in one chapter, and its three parts are whole sentences that fit a table's cell", () => {
  const codes = CHAPTERS.flatMap(({ entries }) => Object.keys(entries));
  expect(codes.toSorted()).toEqual(Object.keys(CATALOGUE).toSorted());
  const parts = Object.entries(CATALOGUE).flatMap(([code, entry]) =>
    [entry.meaning, entry.cause, entry.remedy].map((part) => [code, part] as const),
  );
  expect(parts.filter(([, part]) => !/^(?:[A-Z`]|xcatd )[^|\n]*[.]$/.test(part))).toEqual([]);
});

test("every test that the page names for what stops an attacker is in its file", () => {
  const named = [...page.matchAll(/`(test\/[\w./-]+)`: "([^"|]+)" \|$/gm)].map(
    ([, file = "", name = ""]) => ({ file, name }),
  );
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter(({ file, name }) => !readFileSync(join(project, file), "utf8").includes(name))).toEqual(
    [],
  );
});

test.each([
  ["in rsyslog's own format for files", "Nov 21 11:13:50 n01 statelite[1] "],
  ["with a time as RFC 3339 has it", "2026-11-21T11:13:50.194Z n01 statelite[1] "],
  ["as they were sent", "<30>1 2026-11-21T11:13:50.194Z n01 statelite 1 report - "],
])("the page's line gives the report again from a log with its lines %s", (_, before) => {
  const [command = ""] = /^sed -nE .*n01 statelite.*$/m.exec(page) ?? [];
  const report = JSON.stringify({ on: "what said n01 statelite 1 report", rows: "röws ".repeat(600) });
  const lines = piecesOf("report", report, 200).map(({ text }) => `${before}${text}`);
  expect(lines.length).toBeGreaterThan(2);
  const others = ["a problem of n01's", "n02 statelite[1] report 1/1 {}"].map((text) => `Nov 21 ${text}`);
  const input = [...others, ...lines, ""].join("\n");
  const child = Bun.spawnSync(["sh", "-c", command.replace("/var/log/messages", "")], {
    stdin: Buffer.from(input),
  });
  expect(child.stdout.toString()).toBe(report);
});

/** Codes whose problem a test knows by its words alone: the test that does, as file and (part of) its name. */
const BY_WORDS: Partial<Record<ProblemCode, readonly [file: string, name: string]>> = {
  "query-handshake": ["test/agent/xcat/xcatd.test.ts", "speaks another protocol"],
  "query-closed": ["test/agent/xcat/xcatd.test.ts", "closes without a byte"],
  "query-silent": ["test/agent/xcat/xcatd.test.ts", "is silent"],
  "kernel-package": ["test/initramfs/kernel.test.ts", "the meta package names none"],
  "report-unplanned": [
    "test/agent/commands/explain.test.ts",
    "the report of a boot that never had a plan says what ended it",
  ],
  "server-files": ["test/server-stub/commands.test.ts", "1 for a certificate that is none"],
};

test("every message is produced by a test, which knows it by its code or its words", async () => {
  const names = [...new Bun.Glob("test/**/*.{ts,json}").scanSync({ cwd: project })].filter(
    (name) => !name.includes("administrators"),
  );
  const texts = await Promise.all(names.map((name) => Bun.file(join(project, name)).text()));
  const isShown = (code: ProblemCode): boolean => {
    const witness = BY_WORDS[code];
    if (witness !== undefined) return readFileSync(join(project, witness[0]), "utf8").includes(witness[1]);
    const quoted = new RegExp(`["'\`(]${code}(?=["'\` ):/])|(?:fatal|row|source|note) ${code}\\b`);
    return texts.some((text) => quoted.test(text));
  };
  expect((Object.keys(CATALOGUE) as ProblemCode[]).filter((code) => !isShown(code))).toEqual([]);
});
