import fc from "fast-check";
import { compareDocuments } from "../../agent/report/difference.ts";
import { formatDifference } from "../../agent/report/difference-text.ts";
import { explainPath } from "../../agent/report/explanation.ts";
import { formatExplanation } from "../../agent/report/explanation-text.ts";
import { toJson } from "../../agent/report/json.ts";
import { formatPlan } from "../../agent/report/plan-text.ts";
import { readDocument } from "../../agent/report/read.ts";
import type { PlanDocument } from "../../agent/report/schema.ts";
import { mutated } from "./mutate.ts";
import { outcomeOf } from "./outcome.ts";
import { planSample } from "./samples.ts";
import { checkEqual, checkHarmless } from "./shapes.ts";
import { pureTarget } from "./target.ts";
import { withPlaces } from "./with-places.ts";

const anything = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    "",
    "/",
    "..",
    "\u001b[2J\n",
    "\u202e",
    "__proto__",
    "\u009b2J",
    [],
    {},
    [null],
    ["default"],
  ),
  fc.string(),
  fc.constantFrom(
    { path: 1 },
    { options: "ro", path: "/a" },
    { place: "x", image: "", insteadOf: [{}] },
    { toString: 1 },
  ),
);
const replaced = fc
  .array(fc.tuple(fc.nat(120), anything), { maxLength: 3 })
  .map((changes) => JSON.stringify(withPlaces(planSample, changes)) ?? "");
const tokens = ["{", "}", "[", "]", '"', ":", ",", "null", '"path"', '"__proto__":', "\\u001b", "1e999"];
const document = fc.oneof({ weight: 3, arbitrary: replaced }, mutated([JSON.stringify(planSample)], tokens));

export default pureTarget(
  {
    name: "plan-document",
    about:
      "Plans and reports from files: refused by the place, or explained and compared, harmless to print.",
    inputs: 100_000,
    share: 2500,
  },
  fc.record({
    text: document,
    path: fc.constantFrom("/", "/etc/a", "/var/lib/x/y", "/nothing", "/etc/\u001b[2J"),
    width: fc.constantFrom(undefined, 1, 40, 200),
  }),
  ({ text, path, width }) => {
    const { value } = outcomeOf((): PlanDocument => readDocument(JSON.parse(text)), Error);
    if (value === undefined) return;
    const printed = [
      formatPlan(value, width),
      formatExplanation(explainPath(value, path), width),
      formatDifference(compareDocuments(planSample, value), width),
      formatDifference(compareDocuments(value, planSample), width),
    ];
    for (const line of printed.join("\n").split("\n")) checkHarmless(line);
    checkHarmless(toJson(value));
    checkEqual(JSON.parse(toJson(value)), value, "the same to a program");
  },
);
