import { expect, test } from "bun:test";
import { readDocument } from "../../../agent/report/read.ts";
import { planSample } from "../../fuzz/samples.ts";

/** What an earlier run wrote, or somebody else: checked as far as it is used. */

test("a plan is given back as it is", () => {
  expect(readDocument(structuredClone(planSample))).toEqual(planSample);
});

const [source] = planSample.sources;
const [entry] = planSample.entries;
const [op] = planSample.ops;
const [problem] = planSample.problems;

const refused: readonly (readonly [rule: string, change: object, message: string])[] = [
  ["another schema", { schema: 2 }, "its schema is 2, 1 was wanted"],
  ["a node that is no text", { node: 7 }, "the document.node is 7, a text was wanted"],
  ["sources that are no list", { sources: {} }, "sources is {}, a list was wanted"],
  [
    "a source without a place",
    { sources: [{ ...source, location: undefined }] },
    "sources[0].location is not there",
  ],
  [
    "an origin without rows",
    { sources: [{ ...source, origin: { place: "x", image: "" } }] },
    "sources[0].origin.insteadOf is",
  ],
  [
    "an entry that appears in no known way",
    { entries: [{ ...entry, placement: "toString" }] },
    'entries[0].placement is "toString", one of bind,',
  ],
  [
    "content that is no text",
    { entries: [{ ...entry, content: [] }] },
    "entries[0].content is [], a text was wanted",
  ],
  [
    "a candidate without a name",
    { entries: [{ ...entry, candidates: [{}] }] },
    "entries[0].candidates[0].name is",
  ],
  [
    "a winner that is no text",
    { entries: [{ ...entry, winners: [null] }] },
    "entries[0].winners[0] is no text",
  ],
  ["an op without its row", { ops: [{ ...op, row: null }] }, "ops[0].row is null, an object was wanted"],
  [
    "a problem's row without a path",
    { problems: [{ ...problem, row: { options: "" } }] },
    "problems[0].row.path is",
  ],
];

test.each(refused)("refused by its place: %s", (_rule, change, message) => {
  expect(() => readDocument({ ...planSample, ...change })).toThrow(message);
});
