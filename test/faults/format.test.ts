import { expect, test } from "bun:test";
import { formatRecords } from "./format.ts";

const RECORD = {
  fault: "no cable",
  test: "test/vm/negative/a.test.ts",
  said: "no link within 5 s | <b>",
  outcome: "poweroff",
  seconds: 9.6,
  state: "intact",
};

test("the table has a heading for each file, a line for each fault, and text that is no markup", () => {
  const text = formatRecords([
    RECORD,
    { ...RECORD, fault: "no DHCP" },
    { ...RECORD, test: "test/ns/b.test.ts" },
  ]);
  expect(text.match(/^## .*/gm)).toEqual(["## test/vm/negative/a.test.ts", "## test/ns/b.test.ts"]);
  expect(text).toContain("| no cable | no link within 5 s \\| &lt;b> | poweroff | 10 | intact |\n");
  expect(text.match(/^\| no /gm)?.length).toBe(3);
});
