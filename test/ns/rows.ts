import { describe, expect, test } from "bun:test";
import { makeNode, type Node, type NodeSpec, problemLines } from "./node.ts";

/** A rule as a row: what a node is made from, and what is found on it. */
export interface Row {
  readonly rule: string;
  readonly spec: NodeSpec;
  /** Commands of a shell on the node, and what they print. */
  readonly see: Readonly<Record<string, string>>;
  /** `code path` of every problem; none where it is not said. */
  readonly problems?: readonly string[];
}

/** Makes each row's node, and looks. */
export function testRows(what: string, rows: readonly Row[]): void {
  describe(what, () => {
    for (const row of rows) {
      test(row.rule, async () => {
        await using node = await makeNode(row.spec);
        expectRow(node, row);
      });
    }
  });
}

export function expectRow(node: Node, { see, problems = [] }: Pick<Row, "see" | "problems">): void {
  expect(problemLines(node.problems).sort()).toEqual([...problems].sort());
  for (const [script, output] of Object.entries(see)) {
    expect(`${script}: ${node.shell(script)}`).toBe(`${script}: ${output}`);
  }
}
