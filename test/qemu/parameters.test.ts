import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerPoint } from "../../qemu/bench/bench.ts";
import { nodeAddress } from "../../qemu/bench/network.ts";
import { formatParameters, nodesetParameters } from "../../qemu/parameters.ts";
import { tablesFor, withMountOptions } from "../../qemu/tables.ts";
import { readTables } from "../../server-stub/tables/open.ts";

const demo = join(import.meta.dir, "../../qemu/demo/tables");
const image = "debian12-x86_64-statelite-compute";

describe("the command line that nodeset makes of the demo's tables", () => {
  const usual: ServerPoint = {
    address: "10.0.0.1",
    nfsPort: 2049,
    xcatPort: 3001,
    monitorPort: 3002,
    httpPort: 443,
  };
  const cases: readonly (readonly [string, ServerPoint, number, string])[] = [
    [
      "a server at its usual place: NFSROOT",
      usual,
      1,
      "NFSROOT=10.0.0.1:/install/netboot/debian12/x86_64/compute STATEMNT=10.0.0.1:/lite/state XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n01 FC=0 ip=dhcp MNTOPTS= BOOTIF=01-52-54-00-00-00-0b",
    ],
    [
      "ports of its own: root=nfs:, which carries options",
      { address: "10.0.2.2", nfsPort: 5, xcatPort: 6, monitorPort: 7, httpPort: 8 },
      1,
      "root=nfs:10.0.2.2:/install/netboot/debian12/x86_64/compute/rootimg:ro,vers=4.2,port=5 STATEMNT=10.0.2.2:/lite/state XCAT=10.0.2.2:6 XCATHTTPPORT=80 NODE=n01 FC=0 ip=dhcp XCATIPORT=7 MNTOPTS=vers=4.2,port=5 BOOTIF=01-52-54-00-00-00-0b",
    ],
    [
      "a machine that the tables do not know",
      usual,
      3,
      "NFSROOT=10.0.0.1:/install/netboot/debian12/x86_64/compute STATEMNT=10.0.0.1:/lite/state XCAT=10.0.0.1:3001 XCATHTTPPORT=80 NODE=n03 FC=0 ip=dhcp MNTOPTS= BOOTIF=01-52-54-00-00-00-0d",
    ],
  ];
  for (const [rule, server, node, expected] of cases) {
    test(rule, async () => {
      const copy = mkdtempSync(join(tmpdir(), "statelite-demo-"));
      try {
        tablesFor(demo, copy, server, image);
        const set = await readTables(copy, { line: () => {} });
        const parameters = await nodesetParameters(set, nodeAddress(node), image);
        expect(formatParameters(parameters).join(" ")).toBe(expected);
      } finally {
        rmSync(copy, { recursive: true });
      }
    });
  }
});

describe("one word for each parameter", () => {
  test.each([
    ["a value", { a: "1" }, ["a=1"]],
    ["an empty value", { a: "" }, ["a="]],
    ["a bare word", { shell: true }, ["shell"]],
    ["one that is taken away", { a: undefined }, []],
    ["a value with a blank", { a: "b c" }, ['a="b c"']],
  ] as const)("%s", (_, parameters, expected) => {
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
