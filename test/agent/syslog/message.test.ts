import { describe, expect, test } from "bun:test";
import { chooseLine } from "../../../agent/syslog/choose.ts";
import {
  cut,
  formatSyslog,
  MESSAGE_BYTES,
  piecesOf,
  type SyslogLine,
} from "../../../agent/syslog/message.ts";

const AT = Date.UTC(2026, 10, 21, 7, 8, 9, 123);

describe("a line for a log server is RFC 5424's", () => {
  const rows: [string, SyslogLine, string, number, string][] = [
    [
      "facility daemon, its severity, the node, the problem's code",
      { severity: "critical", id: "image-mount", text: "no such directory" },
      "n01",
      AT,
      "<26>1 2026-11-21T07:08:09.123Z n01 statelite 1 image-mount - no such directory",
    ],
    [
      "a clock that was never set is no time",
      { severity: "info", id: "booted", text: "x" },
      "n01",
      Date.UTC(1970, 0, 1),
      "<30>1 - n01 statelite 1 booted - x",
    ],
    [
      "a name with blanks and line ends stays one word",
      { severity: "info", id: "", text: "x" },
      "n01 evil\nhost\u001b[2J",
      0,
      "<30>1 - n01evilhost[2J statelite 1 - - x",
    ],
  ];
  test.each(rows)("%s", (_, line, host, now, text) => {
    expect(formatSyslog(line, host, now).toString()).toBe(text);
  });
});

test("a line that is too long is cut, and no character is halved", () => {
  expect(cut("kurz", 10)).toBe("kurz");
  for (const text of ["x".repeat(5000), "ü".repeat(5000), "€".repeat(5000), "😀".repeat(5000)]) {
    const short = cut(text, MESSAGE_BYTES);
    expect(Buffer.byteLength(short)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(Buffer.byteLength(short)).toBeGreaterThan(MESSAGE_BYTES - 8);
    expect(short.endsWith("…")).toBe(true);
    expect(text.startsWith(short.slice(0, -1))).toBe(true);
  }
});

test("the pieces of a text are the text, each of them fits, and there are no more than may be", () => {
  const text = JSON.stringify({ found: "ä€😀".repeat(2000) });
  const pieces = piecesOf("report", text, 100);
  const whole = pieces.map(({ text: piece }) => piece.replace(/^report \d+\/\d+ /, "")).join("");
  expect(whole).toBe(text);
  expect(pieces.every((piece) => Buffer.byteLength(piece.text) <= MESSAGE_BYTES)).toBe(true);
  expect(piecesOf("report", text, 3).length).toBe(3);
});

describe("what a log server gets", () => {
  const rows = [
    ["fatal", 0, "critical"],
    ["row", 0, "error"],
    ["source", 0, "warning"],
    ["note", 0, "notice"],
    ["say", 0, undefined],
    ["say", 1, "info"],
    ["detail", 1, undefined],
    ["detail", 2, "debug"],
  ] as const;
  test.each(rows)("%s with xcatdebugmode=%d", (kind, debug, severity) => {
    expect(chooseLine({ kind, at: 0, text: "x" }, debug)?.severity).toBe(severity);
  });
});
