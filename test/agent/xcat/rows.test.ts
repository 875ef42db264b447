import { expect, test } from "bun:test";
import { type Answer, AnswerReader } from "../../../agent/xcat/answer.ts";
import type { FailureKind, QueryFailure } from "../../../agent/xcat/failure.ts";
import { readLitefile } from "../../../agent/xcat/litefile.ts";
import { readLitetree } from "../../../agent/xcat/litetree.ts";
import { findRefusal } from "../../../agent/xcat/refusal.ts";
import { baseline, edges, goldenAnswer, protocol } from "./golden.ts";

function answerOf(bytes: Uint8Array): Answer {
  const answer = new AnswerReader().push(bytes);
  if (answer === undefined) throw new Error("cut short");
  return answer;
}

const lines = (...texts: string[]): Answer => ({
  replies: texts.map((text) =>
    text.startsWith("!") ? { kind: "error" as const, text: text.slice(1) } : { kind: "info" as const, text },
  ),
  bytes: 0,
});

function failureOf(act: () => unknown): Pick<QueryFailure, "kind" | "found"> {
  try {
    act();
  } catch (error) {
    return error as QueryFailure;
  }
  throw new Error("nothing failed");
}

// litefile

const litefileRows: readonly [rule: string, line: string, options: string, path: string][] = [
  ["options are padded to a column", "n01: tmpfs         /etc/a", "tmpfs", "/etc/a"],
  ["options of 13 characters fill it", "n01: persistent,ro /etc/a", "persistent,ro", "/etc/a"],
  ["longer options leave one blank", "n01: link,persistent /etc/a b", "link,persistent", "/etc/a b"],
  ["a path may hold blanks and colons", "n01: wibble        /etc/odd: option", "wibble", "/etc/odd: option"],
  ["a path may hold tabs and newlines", "n01: ro            /a\tb\nc", "ro", "/a\tb\nc"],
  ["a path that starts with a blank keeps it", "n01: ro             /a", "ro", " /a"],
  ["options may hold blanks", "n01: tmpfs, rw     /a", "tmpfs, rw", "/a"],
  ["a relative path is a row: plan/ judges it", "n01: ro            etc/a", "ro", "etc/a"],
];

test.each(litefileRows)("litefile: %s", (_rule, line, options, path) => {
  expect(readLitefile(lines(line))).toEqual({ node: "n01", rows: [{ options, path }] });
});

const litefileRefused: readonly [rule: string, answer: Answer, kind: FailureKind][] = [
  ["no rows", lines(), "no-rows"],
  ["no node", lines("tmpfs         /etc/a"), "protocol"],
  ["no path", lines("n01: tmpfs         "), "protocol"],
  ["no column", lines("n01: tmpfs /a"), "protocol"],
  ["no options", lines("n01:               /etc/a"), "protocol"],
  ["an empty line", lines(""), "protocol"],
  ["a node's name that leads elsewhere", lines("../n01: tmpfs         /etc/a"), "protocol"],
  ["two nodes", lines("n01: tmpfs         /etc/a", "n02: tmpfs         /etc/a"), "other-node"],
];

test.each(litefileRefused)("litefile: refused is %s", (_rule, answer, kind) => {
  expect(failureOf(() => readLitefile(answer)).kind).toBe(kind);
});

// litetree

const litetreeRows: readonly [
  rule: string,
  line: string,
  server: string,
  directory: string,
  options: string,
][] = [
  ["server and directory", "n01: 10.0.0.1:/two", "10.0.0.1", "/two", ""],
  [
    "mount options",
    "n01: 10.0.0.1:/with-mntopts :soft,timeo=30",
    "10.0.0.1",
    "/with-mntopts",
    "soft,timeo=30",
  ],
  ["no server", "n01: /local/dir", "", "/local/dir", ""],
  ["no server, mount options", "n01: /local/dir:soft", "", "/local/dir", "soft"],
  ["a blank in the directory", "n01: mn.cluster:/with space/x", "mn.cluster", "/with space/x", ""],
  ["a colon in the directory", "n01: mn:/at/12:30/x :soft", "mn", "/at/12:30/x", "soft"],
  ["a colon in a directory without a server", "n01: /at/12:30/x", "", "/at/12:30/x", ""],
  ["slashes stay as they are", "n01: mn://double//slash/", "mn", "//double//slash/", ""],
  ["the root", "n01: mn:/", "mn", "/", ""],
  ["an IPv6 server in brackets", "n01: [fe80::1]:/x", "[fe80::1]", "/x", ""],
];

test.each(litetreeRows)("litetree: %s", (_rule, line, server, directory, mountOptions) => {
  const rows = [{ server, directory, mountOptions }];
  expect(readLitetree(lines(line))).toEqual({ node: "n01", rows, problems: [] });
});

const litetreeFaults: readonly [rule: string, texts: string[], found: RegExp][] = [
  ["no directory", ["n01: mn:"], /directory is missing/],
  ["a relative directory", ["n01: mn:relative/dir"], /"relative\/dir" is not absolute/],
  ["a directory that leads out", ["n01: mn:/a/../../etc"], /"\.\."/],
  ["a newline in the directory", ["n01: mn:/a\nb"], /control characters/],
  ["no server's name", ["n01: m n:/a"], /no server's name/],
  ["a server without a directory", ["n01: mn"], /directory is missing/],
  ["odd mount options", ["n01: mn:/a :soft hard"], /mount options/],
  [
    "a variable that xcatd cannot replace",
    ["!nosuchtable does not exist", "n01: mn:"],
    /"nosuchtable does not exist"/,
  ],
];

test.each(litetreeFaults)("litetree: the row is left out, with a word, for %s", (_rule, texts, found) => {
  const { rows, problems } = readLitetree(lines("n01: mn:/first", ...texts, "n01: mn:/last"));
  expect(rows.map((row) => row.directory)).toEqual(["/first", "/last"]);
  expect(problems).toMatchObject([{ class: "source", found: expect.stringMatching(found) }]);
});

const litetreeRefused: readonly [rule: string, answer: Answer, kind: FailureKind][] = [
  ["an error that no row follows", lines("n01: mn:/a", "!something broke"), "error-reply"],
  ["an error before a row that is whole", lines("!something broke", "n01: mn:/a"), "error-reply"],
  ["two errors for one row", lines("!one", "!two", "n01: mn:"), "error-reply"],
  ["a refusal", lines("n01: mn:/a", "!Permission denied for request"), "refused"],
  ["no node", lines("mn:/a"), "protocol"],
  ["two nodes", lines("n01: mn:/a", "n02: mn:/a"), "other-node"],
];

test.each(litetreeRefused)("litetree: refused is %s", (_rule, answer, kind) => {
  expect(failureOf(() => readLitetree(answer)).kind).toBe(kind);
});

test("litetree: no rows is an answer", () => {
  expect(readLitetree(lines())).toEqual({ rows: [], problems: [] });
});

// what a real xcatd answered

test("golden litefile: every row, for every node that has an image", () => {
  const { node, rows } = readLitefile(answerOf(goldenAnswer(edges, "n01", "litefile")));
  expect(node).toBe("n01");
  expect(rows.map(({ options, path }) => `${options}|${path}`)).toEqual([
    "localdisk|/data/",
    "rw|/etc/amp&lt<gt>.conf",
    "tmpfs,rw|/etc/blank.conf",
    "tmpfs|/etc/dir",
    "link|/etc/dir/",
    "link,con|/etc/issue",
    "link,ro|/etc/lro.conf",
    "link,persistent|/etc/lstate.conf",
    "con|/etc/motd",
    "tmpfs,rw|/etc/mtab",
    "wibble|/etc/odd option",
    "ro|/etc/ro.conf",
    "persistent|/etc/state.conf",
    "tmpfs|/etc/stay.conf",
    "ro|/etc/who.conf",
    "persistent|/opt/db/",
    "tmpfs|/var/",
    "tmpfs|/var/lib/ntp/",
  ]);
});

test("golden litetree: sources in order, and why the others are none", () => {
  const { node, rows, problems } = readLitetree(answerOf(goldenAnswer(edges, "n01", "litetree")));
  expect(node).toBe("n01");
  expect(rows.map((r) => `${r.server}|${r.directory}|${r.mountOptions}`)).toEqual([
    "10.0.0.1|/half-first|",
    "127.0.0.1|/syncdirs/n01|",
    "10.0.0.1|/two|",
    "10.0.0.1|/null-image|",
    "|/local/dir-noserver|",
    "|/local/dir-noserver-mntopts|soft",
    "10.0.0.1|/with-mntopts|soft,timeo=30",
    "10.0.0.1|//double//slash//dir|",
    "10.0.0.1|/missing-attr/UNDEFINED/x|",
    "10.0.0.1|/ten-sorts-numeric|",
    "10.0.0.1|/table-no-col/UNDEFINED/x|",
    "10.0.0.1|/bad-col/UNDEFINED/x|",
    "10.0.0.1|/site/127.0.0.1/x|",
    "10.0.0.1|/pren01#suf/x|",
    "10.0.0.1|/twon01.rhels9/x|",
    "10.0.0.1|/pre-UNDEFINED/x|",
    "10.0.0.1|/cmd/hello/x|",
    "10.0.0.1|/cmdslash/hi/x|",
    "10.0.0.1|/cmdvar/n01/x|",
    "127.0.0.1|/trailing/slash/|",
    "pre127.0.0.1|/varserver|",
    "10.0.0.1|/with space/x|",
    "10.0.0.1|/n01/z|",
    "10.0.0.1|/|",
  ]);
  expect(problems.map((p) => `${p.class}: ${p.on}: ${p.found}`)).toEqual([
    "note: 10.0.0.1:/missing-attr/UNDEFINED/x: a variable of it has no value: UNDEFINED stands in its place",
    'source: 10.0.0.1:: a variable of it cannot be replaced: "nosuchtable does not exist"',
    "note: 10.0.0.1:/table-no-col/UNDEFINED/x: a variable of it has no value: UNDEFINED stands in its place",
    "note: 10.0.0.1:/bad-col/UNDEFINED/x: a variable of it has no value: UNDEFINED stands in its place",
    'source: 10.0.0.1:: a variable of it cannot be replaced: "node does not exist"',
    "note: 10.0.0.1:/pre-UNDEFINED/x: a variable of it has no value: UNDEFINED stands in its place",
    "source: 10.0.0.1:/cmdempty/#CMD= did not return output#/x: its #CMD command did not run, or gave nothing",
    "source: #CMD=echo 9.9.9.9#:/cmdserver: its #CMD command did not run, or gave nothing",
    "source: [fe80 :1]: xcatd cuts an IPv6 address at its colons",
    "source: 10.0.0.1:/cmdmulti/a\nb/x: the directory holds control characters",
    "source: 10.0.0.1:/cmderr/#CMD= did not return output#/x: its #CMD command did not run, or gave nothing",
    "source: 10.0.0.1:/TABLE/#TABLE :noderes: xcatd does not know #TABLE in litetree",
    'source: 10.0.0.1:relative/dir: the directory "relative/dir" is not absolute',
    "source: UNDEFINED:/badserver: the server's variable has no value",
  ]);
});

const nodes: readonly [node: string, kind: FailureKind | undefined][] = [
  ["n01", undefined],
  ["n02", undefined],
  ["n03", "no-image"],
  ["n04", undefined],
  ["n05", undefined],
  ["n07", undefined],
  ["n08", undefined],
  ["stranger", "unknown-node"],
  ["noptr", "unknown-node"],
];

test.each(nodes)("golden: node %s is answered, or refused as %p", (node, kind) => {
  for (const cases of [baseline, edges]) {
    const file = answerOf(goldenAnswer(cases, node, "litefile"));
    const tree = answerOf(goldenAnswer(cases, node, "litetree"));
    expect([findRefusal("litefile", file)?.kind, findRefusal("litetree", tree)?.kind]).toEqual([kind, kind]);
    if (kind === undefined) expect([readLitefile(file).node, readLitetree(tree).node]).toEqual([node, node]);
  }
});

const refusals: readonly [name: string, kind: FailureKind | undefined][] = [
  ["unknown command", "refused"],
  ["command not in policy", "refused"],
  ["getpartition not in policy", "refused"],
  ["empty command", "refused"],
  ["no command", "refused"],
  ["unknown noderange", "unknown-node"],
  ["transid is echoed", undefined],
  ["whitespace and newlines inside", undefined],
];

test.each(refusals)("golden: %s: %p", (name, kind) => {
  const response = protocol.find((c) => c.name === name)?.response ?? "";
  expect(findRefusal("litetree", answerOf(Buffer.from(response, "latin1")))?.kind).toBe(kind as FailureKind);
});

test("an error after rows of litefile's makes the rows unusable", () => {
  const answer = lines("n01: tmpfs         /etc/a", "!something broke");
  expect(findRefusal("litefile", answer)?.kind).toBe("error-reply");
});

test("a refusal's remedy names the command that was refused", () => {
  expect(findRefusal("getpartition", lines("!Permission denied for request"))?.remedy).toContain(
    "getpartition",
  );
});
