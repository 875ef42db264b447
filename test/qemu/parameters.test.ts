import { describe, expect, test } from "bun:test";
import { nodeAddress } from "../../qemu/bench/network.ts";
import { type BootTarget, formatParameters, nodesetParameters } from "../../qemu/parameters.ts";
import { withMountOptions } from "../../qemu/tables.ts";

const target: BootTarget = {
  node: nodeAddress(1),
  server: "10.0.0.1",
  xcatPort: 3001,
  image: "/install/compute",
  state: "/lite/state",
  nfsOptions: "",
};

describe("the command line that nodeset writes", () => {
  test.each<[string, Partial<BootTarget>, string]>([
    [
      "a server at its usual place: NFSROOT",
      {},
      "NFSROOT=10.0.0.1:/install/compute STATEMNT=10.0.0.1:/lite/state XCAT=10.0.0.1:3001 NODE=n01 FC=0 ip=dhcp MNTOPTS= BOOTIF=01-52-54-00-00-00-0b",
    ],
    [
      "options for the mounts: root=nfs:",
      { nfsOptions: "port=5" },
      "root=nfs:10.0.0.1:/install/compute/rootimg:ro,port=5 STATEMNT=10.0.0.1:/lite/state XCAT=10.0.0.1:3001 NODE=n01 FC=0 ip=dhcp MNTOPTS=port=5 BOOTIF=01-52-54-00-00-00-0b",
    ],
  ])("%s", (_, change, expected) => {
    expect(formatParameters(nodesetParameters({ ...target, ...change })).join(" ")).toBe(expected);
  });

  test.each([
    ["a value", { a: "1" }, ["a=1"]],
    ["an empty value", { a: "" }, ["a="]],
    ["a bare word", { shell: true }, ["shell"]],
    ["one that is taken away", { a: undefined }, []],
    ["a value with a blank", { a: "b c" }, ['a="b c"']],
  ] as const)("formatting: %s", (_, parameters, expected) => {
    expect(formatParameters(parameters)).toEqual([...expected]);
  });
});

test("litetree rows get mount options in their own column, whatever the image column holds", () => {
  const rows =
    '#priority,image,directory,mntopts,comments,disable\n"1",,"s:/a",,,\n"2","ALL","s:/b",,"note",\n';
  const moved =
    '#priority,image,directory,mntopts,comments,disable\n"1",,"s:/a","port=5",,\n"2","ALL","s:/b","port=5","note",\n';
  expect(withMountOptions(rows, "port=5")).toBe(moved);
});
