import { describe, expect, test } from "bun:test";
import { imageOf, nodeAttribute } from "../../../agent/rows/nodes.ts";
import { tableSet } from "../../server-stub/support/tables.ts";

const set = tableSet({
  nodelist: `#node,groups
"n01","compute,all"
"n02","compute,all"
"n03","all"
"n10","fast,compute,all"
`,
  nodetype: `#node,os,arch,profile,provmethod
"compute","rhels9","x86_64","compute","statelite"
"fast","debian12",,,"img"
"n02",,,"special","netboot"
"n03","rhels9","x86_64",,
`,
});

describe("a node's attributes", () => {
  test("come from its own row, else from its groups in the order of nodelist.groups, column by column", () => {
    const profile = (node: string): string => nodeAttribute(set, node, "nodetype", "profile");
    expect([profile("n01"), profile("n02"), profile("n10"), profile("n03")]).toEqual([
      "compute",
      "special",
      "compute",
      "",
    ]);
    expect(nodeAttribute(set, "n10", "nodetype", "os")).toBe("debian12");
  });

  test("name its image: provmethod, where that is one", () => {
    expect(["n01", "n02", "n10", "n03"].map((node) => imageOf(set, node))).toEqual([
      "rhels9-x86_64-statelite-compute",
      "rhels9-x86_64-statelite-special",
      "img",
      undefined,
    ]);
  });
});
