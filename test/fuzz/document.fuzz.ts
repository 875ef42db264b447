import fc from "fast-check";
import { bootDocumentSchema } from "../../agent/xcat/boot-document.ts";
import { DocumentError, readBootDocument } from "../../agent/xcat/document.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { documentSample } from "./samples.ts";
import { checkEqual } from "./shapes.ts";
import { pureTarget } from "./target.ts";
import { withPlaces } from "./with-places.ts";

const text = fc.oneof(fc.constantFrom("", "/etc/a", "n01", "n01.", "-", "a".repeat(17_000)), fc.string());
const key = fc.constantFrom(
  ...["schema", "node", "image", "litefile", "litetree", "state", "partition", "options", "path", "server"],
  ...["directory", "mountOptions", "error", "location", "__proto__", "constructor", "toString"],
);
const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.constantFrom(null, true, 0, 1, -0.5),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));

/** A good document with something else at one to three places. */
const replaced = fc
  .array(fc.tuple(fc.nat(40), anything), { maxLength: 3 })
  .map((changes) => JSON.stringify(withPlaces(documentSample, changes)) ?? "");

const tokens = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ":",
  ",",
  "null",
  "1e999",
  '{"__proto__":1}',
  "\\u0000",
  "\\ud800",
  "[",
];

export default pureTarget(
  {
    name: "document",
    about: "Boot documents: the agent's reader and the schema accept the same, and read the same.",
    inputs: 100_000,
    share: 2000,
  },
  fc.oneof(replaced, mutated([JSON.stringify(documentSample)], tokens)),
  (document) => {
    const bytes = Buffer.from(document, "latin1");
    const read = outcomeOf(() => readBootDocument(bytes), DocumentError);
    checkEqual(read.value, bySchema(bytes), "as the schema reads it");
  },
);

function bySchema(bytes: Uint8Array): unknown {
  try {
    return bootDocumentSchema.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)))
      .data;
  } catch {
    return undefined;
  }
}
