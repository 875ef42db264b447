import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type BootDocument, bootDocumentSchema } from "../../../agent/xcat/boot-document.ts";
import { DocumentError, readBootDocument } from "../../../agent/xcat/document.ts";
import { DOCUMENT_LIMITS } from "../../../agent/xcat/document-limits.ts";

/** The agent reads documents by hand, the server and its users know them by their schema: both mean the same. */

const good: BootDocument = {
  schema: 1,
  node: "n01",
  image: "rhels9-x86_64-statelite-compute",
  litefile: [{ options: "link", path: "/etc/mtab" }],
  litetree: [{ server: "10.0.0.1", directory: "/syncdirs/common", mountOptions: "" }],
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

/** The document as the agent reads it, or what it says against it. */
function read(text: Uint8Array): BootDocument | string {
  try {
    return readBootDocument(text);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    return error.message;
  }
}

function agree(value: unknown): void {
  const text = bytes(value);
  const bySchema = bootDocumentSchema.safeParse(JSON.parse(text.toString()));
  const byAgent = read(text);
  if (bySchema.success) expect(byAgent).toEqual(bySchema.data);
  else expect(byAgent).toBeString();
}

describe("what is wrong is said with its path", () => {
  const row = { options: "ro", path: "/etc/a" };
  // biome-ignore format: one case a line
  const cases: readonly [rule: string, document: unknown, found: string][] = [
    ["nothing", undefined, "it is no JSON text in UTF-8"],
    ["no object", [good], "the document is a list of 1, not an object"],
    ["another version", { ...good, schema: 2 }, "schema is 2, not 1"],
    ["a version in quotes", { ...good, schema: "1" }, 'schema is "1", not 1'],
    ["no node", { ...good, node: undefined }, "node is missing, not a string of 0 to 253 characters like"],
    ["a node that leaves its directory", { ...good, node: "../n02" }, 'node is "../n02", not a string'],
    ["no rows", { ...good, litefile: [] }, "litefile is a list of 0, not a list of 1 to 100000"],
    ["rows that are none", { ...good, litefile: { length: 1 } }, "litefile is an object, not a list"],
    ["a row without a path", { ...good, litefile: [row, { options: "ro" }] }, "litefile[1].path is missing, not a string of 1 to"],
    ["a number for a path", { ...good, litefile: [{ ...row, path: 7 }] }, "litefile[0].path is 7, not a string"],
    ["a source without its server", { ...good, litetree: [{ directory: "/a", mountOptions: "" }] }, "litetree[0].server is missing"],
    ["null for what may be absent", { ...good, state: null }, "state is null, not an object"],
    ["a text that is too long", { ...good, image: "x".repeat(DOCUMENT_LIMITS.text + 1) }, "image is a string of 16385 characters, not"],
    ["several at once", { ...good, schema: 0, image: "" }, 'schema is 0, not 1; image is "", not a string'],
    ["more than anybody reads", { ...good, litefile: Array.from({ length: 9 }, () => 1) }, "; and 4 more"],
  ];
  for (const [rule, document, found] of cases) {
    test(rule, () => {
      expect(read(document === undefined ? Buffer.from("<html>") : bytes(document))).toContain(found);
      if (document !== undefined) agree(document);
    });
  }

  test("what is no UTF-8, and what is nested too deep", () => {
    expect(read(Buffer.concat([Buffer.from('{"node":"'), Buffer.from([0xff])]))).toContain("no JSON text");
    expect(read(Buffer.from("[".repeat(5_000_000)))).toContain("no JSON text");
  });
});

describe("the agent and the schema accept and refuse the same", () => {
  test("members that are not known are passed over, also those with odd names", () => {
    const text = JSON.stringify({ ...good, later: [1] }).replace(
      "{",
      '{"__proto__":{"state":7},"constructor":1,',
    );
    expect(read(Buffer.from(text))).toEqual(good);
    expect(bootDocumentSchema.parse(JSON.parse(text))).toEqual(good);
  });

  test("as many rows as may be, and one more", () => {
    const rows = (count: number) => Array.from({ length: count }, () => ({ options: "", path: "/a" }));
    agree({ ...good, litefile: rows(DOCUMENT_LIMITS.rows) });
    agree({ ...good, litefile: rows(DOCUMENT_LIMITS.rows + 1) });
    agree({ ...good, partition: rows(DOCUMENT_LIMITS.rows + 1).map(() => "") });
  });

  const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 20 }), fc.constantFrom("", "/etc/a", "n01"));
  const any = fc.oneof(fc.jsonValue(), text);
  const row = (keys: readonly string[]) =>
    fc.record(
      Object.fromEntries(
        keys.map((key) => [key, fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: any })]),
      ),
      {
        requiredKeys:
          fc.sample(fc.subarray([...keys], { minLength: keys.length - 1 }), { numRuns: 1, seed: 1 })[0] ?? [],
      },
    );
  const mostly = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 14, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: any });
  const document = fc.record(
    {
      schema: mostly(fc.constant(1)),
      node: mostly(fc.constantFrom("n01", "n01.cluster", "-", "a..b", "n_1", "n01.", "ä", "n 1")),
      image: mostly(text),
      litefile: mostly(fc.array(row(["options", "path"]), { maxLength: 4 })),
      litetree: mostly(fc.array(row(["server", "directory", "mountOptions", "error"]), { maxLength: 4 })),
      state: mostly(row(["location", "mountOptions"])),
      partition: mostly(fc.array(text, { maxLength: 4 })),
    },
    { requiredKeys: ["schema", "node", "image", "litefile"] },
  );

  test("documents of all kinds", () => {
    let accepted = 0;
    fc.assert(
      fc.property(document, (value) => {
        agree(value);
        if (bootDocumentSchema.safeParse(JSON.parse(JSON.stringify(value))).success) accepted++;
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
