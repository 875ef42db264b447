import { describe, expect, test } from "bun:test";
import {
  FRESH_SECONDS,
  judgeLease,
  judgeOwner,
  type Machine,
  readLease,
} from "../../../agent/statearea/lease.ts";

const self: Machine = { node: "n01", boot: "boot-2", addresses: ["52:54:00:00:00:01"] };
const lease = (boot: string, addresses: readonly string[]) => ({ node: "n01", boot, addresses, at: "" });
const other = lease("boot-9", ["52:54:00:00:00:99"]);

describe("a lease that is found on the state", () => {
  const rows: [string, ReturnType<typeof lease> | undefined, number, boolean, string | undefined][] = [
    ["none: the first boot", undefined, 0, true, undefined],
    ["of this boot", lease("boot-2", []), 0, true, undefined],
    ["of this machine, which crashed a second ago", lease("boot-1", self.addresses), 1, true, undefined],
    [
      "of this machine with a further card",
      lease("boot-1", ["02:00:00:00:00:01", ...self.addresses]),
      1,
      true,
      undefined,
    ],
    ["of another machine: said", other, 10, false, "note"],
    ["of another machine, strict: the end", other, 10, true, "fatal"],
    ["of another machine, strict, long ago: it was replaced", other, FRESH_SECONDS, true, "note"],
    ["of another machine, by a clock that runs backwards", other, -50, true, "fatal"],
  ];
  test.each(rows)("%s", (_, found, age, strict, judged) => {
    const problem = judgeLease(found, self, age, "mn:/state/n01", strict);
    expect(problem?.class).toBe(judged as never);
    if (problem !== undefined) {
      expect(problem.code).toBe("state-lease");
      expect(problem.found).toContain("52:54:00:00:00:99");
    }
  });
});

test("how old a lease is, and how long it keeps another machine out", () => {
  const says = (age: number) => judgeLease(other, self, age, "mn:/state/n01", true);
  expect(says(-5)?.found).toContain(" booted as n01 0 s ago; ");
  expect(says(600)?.found).toContain(" booted as n01 10 min ago; ");
  expect(says(600)?.remedy).toEndWith(", or wait 50 minutes");
  expect(says(-86_400)?.found).toContain(
    " booted as n01 at a time that is yet to come by the file server's clock; ",
  );
  expect(says(-86_400)?.remedy).toEndWith(", remove .statelite/lease.json there");
});

describe("an owner that is found on the state", () => {
  test.each([
    ["this node", { node: "n01" }, undefined],
    ["another node", { node: "n02" }, "state-owner"],
    ["no object", "n02", undefined],
    ["nothing", undefined, undefined],
    ["another type", { node: 7 }, undefined],
  ])("%s", (_, json, code) => {
    expect(judgeOwner(json, "n01", "mn:/state/n01")?.code).toBe(code as never);
  });

  test("what somebody has written there does no harm to a console", () => {
    const found = judgeOwner({ node: `\u001b[2J\n${"x".repeat(9999)}` }, "n01", "x")?.found ?? "";
    expect(found).toMatch(/^it is the state of the node \\x1b\[2J\\x0ax+, not of n01$/);
    expect(found.length).toBeLessThan(300);
  });
});

test("what is no lease is none, and one with nonsense among its addresses has no more than 64", () => {
  for (const json of [undefined, null, 7, "x", [], {}, { ...other, addresses: "x" }, { ...other, at: 1 }])
    expect(readLease(json)).toBeUndefined();
  const many = { ...other, addresses: [null, 7, ...Array<string>(1000).fill("a")] };
  expect(readLease(many)?.addresses).toEqual(Array<string>(64).fill("a"));
});
