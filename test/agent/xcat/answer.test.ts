import { expect, test } from "bun:test";
import fc from "fast-check";
import { ANSWER_LIMITS, type Answer, AnswerError, AnswerReader } from "../../../agent/xcat/answer.ts";
import { baseline, edges, protocol } from "./golden.ts";

const DONE = "<xcatresponse>\n  <serverdone></serverdone>\n</xcatresponse>\n";
const info = (text: string) => `<xcatresponse>\n  <info>${text}</info>\n</xcatresponse>\n`;

/** The answer to bytes that come in pieces of `size`; nothing where it never ended. */
function read(bytes: Uint8Array, size = bytes.length, reader = new AnswerReader()): Answer | undefined {
  for (let at = 0; at < bytes.length; at += size) {
    const answer = reader.push(bytes.subarray(at, at + size));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

const readText = (text: string) => read(Buffer.from(text));

const texts: readonly [rule: string, text: string, replies: readonly (readonly [string, string])[]][] = [
  ["nothing but serverdone", DONE, []],
  ["one line", info("n01: x") + DONE, [["info", "n01: x"]]],
  [
    "references to characters",
    info("&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&amp;lt;") + DONE,
    [["info", `&<>"'AB&lt;`]],
  ],
  ["a newline in a value", info("a\nb") + DONE, [["info", "a\nb"]]],
  ["UTF-8", info("/é/€/😀") + DONE, [["info", "/é/€/😀"]]],
  [
    "data and errors, in order",
    "<xcatresponse><data>d</data><error>e</error><errorcode>1</errorcode><info>i</info></xcatresponse>" +
      DONE,
    [
      ["data", "d"],
      ["error", "e"],
      ["info", "i"],
    ],
  ],
  [
    "an error code without words is an error all the same",
    `<xcatresponse><errorcode>2</errorcode></xcatresponse>${DONE}`,
    [["error", "error code 2"]],
  ],
  ["an error code of 0 is none", `<xcatresponse><errorcode>0</errorcode></xcatresponse>${DONE}`, []],
  [
    "a refusal carries serverdone with it",
    "<xcatresponse><error>no</error><serverdone/></xcatresponse>",
    [["error", "no"]],
  ],
  [
    "elements that are not asked for are read over",
    `<xcatresponse><node><info>x</info></node></xcatresponse>${DONE}`,
    [],
  ],
  ["what comes after the end is not looked at", `${info("a")}${DONE}<<<&&& ${info("b")}`, [["info", "a"]]],
];

test.each(texts)("answer: %s", (_rule, text, replies) => {
  expect(readText(text)?.replies.map((r) => [r.kind, r.text])).toEqual(replies.map((r) => [...r]));
});

const unfinished: readonly [rule: string, text: string][] = [
  ["nothing", ""],
  ["rows without serverdone", info("a") + info("b")],
  ["serverdone whose response is not closed", "<xcatresponse><serverdone></serverdone>"],
  ["a tag cut in the middle", `${info("a")}<xcatresponse><serverd`],
  ["serverdone that is text", info("&lt;serverdone&gt;&lt;/serverdone&gt;")],
  ["serverdone outside its place", "<xcatresponse><info><serverdone></serverdone></info></xcatresponse>"],
];

test.each(unfinished)("answer: not over with %s", (_rule, text) => {
  expect(readText(text)).toBeUndefined();
});

const refused: readonly [rule: string, text: string, message: RegExp][] = [
  ["text", "HTTP/1.1 400 Bad Request\r\n\r\n", /text outside of an element/],
  ["another document", "<html><body></body></html>", /<html> stands where/],
  ["a prolog", `<?xml version="1.0"?>${DONE}`, /no markup/],
  ["an entity declaration", `<!DOCTYPE x [<!ENTITY a "aaaa">]>${DONE}`, /no markup/],
  ["an attribute", '<xcatresponse a="b"></xcatresponse>', /no markup/],
  ["a comment", `<!-- x -->${DONE}`, /no markup/],
  ["a wrong end tag", "<xcatresponse><info>x</error>", /closes <info>/],
  ["an end tag too many", "</xcatresponse>", /closes nothing/],
  ["an unknown entity", info("&nbsp;"), /stands for no character/],
  ["a reference to NUL", info("&#0;"), /stands for no character/],
  ["a reference to half a pair", info("&#xd800;"), /stands for no character/],
  ["a reference beyond Unicode", info("&#x110000;"), /stands for no character/],
  ["a reference without an end", info(`&${"a".repeat(100)}`), /no markup/],
  ["a tag without an end", `<${"a".repeat(100)}`, /no markup/],
  ["deep nesting", `<xcatresponse>${"<a>".repeat(20)}`, /nested/],
];

test.each(refused)("answer: refused is %s", (_rule, text, message) => {
  expect(() => readText(text)).toThrow(message);
});

test("answer: refused are bytes that are not UTF-8", () => {
  expect(() => read(Buffer.from(info("\xe9a"), "latin1"))).toThrow(/not UTF-8/);
});

test.each([
  ["no UTF-8", "\xff"],
  ["another name of the server", "<xcatresponse><xcatdsource>b</xcatdsource></xcatresponse>"],
  ["half a tag", "<xcat"],
])("answer: what comes in one piece with its end and is %s is not looked at", (_rule, behind) => {
  const end = "<xcatresponse><serverdone></serverdone><xcatdsource>a</xcatdsource></xcatresponse>";
  expect(read(Buffer.from(end + behind, "latin1"))?.source).toBe("a");
});

const LIMITS = { bytes: 2000, replies: 3, line: 50 };
const limits: readonly [rule: string, text: string, message: RegExp][] = [
  ["bytes", info("a") + " ".repeat(2000), /larger than 2000 bytes/],
  ["lines", info("a").repeat(4), /more than 3 lines/],
  ["one line's length", info("a".repeat(51)), /longer than 50 characters/],
  [
    "one line's length, where it never ends",
    `<xcatresponse><info>${"a".repeat(51)}`,
    /longer than 50 characters/,
  ],
];

test.each(limits)("answer: the limit of %s holds, and just below it all is well", (_rule, text, message) => {
  expect(() => read(Buffer.from(text), 7, new AnswerReader(LIMITS))).toThrow(message);
  const most = info("a".repeat(50)).repeat(3) + DONE;
  expect(read(Buffer.from(most), 7, new AnswerReader(LIMITS))?.replies).toHaveLength(3);
});

test("answer: a table of 100,000 rows is within the limits", () => {
  const text =
    info("n01: tmpfs         /etc/a/path/of/usual/length.conf").repeat(ANSWER_LIMITS.replies) + DONE;
  expect(read(Buffer.from(text), 4096)?.replies).toHaveLength(ANSWER_LIMITS.replies);
});

const golden = [...baseline, ...edges, ...protocol].filter((c) => c.response !== "");

test("answer: every golden answer reads the same, whole and in pieces of 1, 2, 3, 7 and 4096 bytes", () => {
  expect(golden.length).toBeGreaterThan(40);
  for (const { response } of golden) {
    const bytes = Buffer.from(response, "latin1");
    const whole = read(bytes);
    const infos = [...response.matchAll(/<(?:info|error)>/g)].length;
    expect(whole?.replies.length).toBe(infos);
    // Only the count of bytes may differ: what came after the end in the same piece.
    for (const size of [1, 2, 3, 7, 4096]) expect(read(bytes, size)?.replies).toEqual(whole?.replies ?? []);
  }
});

test("answer: no golden answer is over before its last element is", () => {
  for (const { response } of golden) {
    const bytes = Buffer.from(response, "latin1");
    expect(read(bytes.subarray(0, bytes.length - "\n</xcatresponse>\n".length))).toBeUndefined();
  }
});

test("answer: any text comes back as it was, in whatever pieces", () => {
  const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  // U+FFFD stands for bytes that are no text, which an answer may not have.
  const line = fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\ufffd"));
  const lines = fc.array(line, { maxLength: 5 });
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const bytes = Buffer.from(texts.map((text) => info(escaped(text))).join("") + DONE);
      expect(read(bytes, size)?.replies.map((r) => r.text)).toEqual(texts);
    }),
  );
});

test("answer: whatever the bytes, they are an answer, the start of one, or refused", () => {
  const piece = fc.constantFrom(
    "<xcatresponse>",
    "</xcatresponse>",
    "<info>",
    "</info>",
    "&lt;",
    "<",
    "&",
    ";",
    "/>",
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 30 })
      .map((all) => Buffer.from(all.join(""))),
  );
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 9 }), (input, size) => {
      try {
        read(input, size);
      } catch (error) {
        expect(error).toBeInstanceOf(AnswerError);
      }
    }),
    { numRuns: 2000 },
  );
});
