import { expect, test } from "bun:test";
import { searchNames } from "../../../agent/network/resolver.ts";

const SEARCH = ["c.test", "other.test"];

test.each<[string, string[], string[]]>([
  ["mgmt", SEARCH, ["mgmt.c.test", "mgmt.other.test", "mgmt"]],
  ["mgmt.x", SEARCH, ["mgmt.x", "mgmt.x.c.test", "mgmt.x.other.test"]],
  ["mgmt.c.test.", SEARCH, ["mgmt.c.test"]],
  ["mgmt", [], ["mgmt"]],
  ["mgmt", ["c.test", "c.test"], ["mgmt.c.test", "mgmt"]],
  ["mgmt", [`${"x".repeat(63)}.`.repeat(4).slice(0, 250)], ["mgmt"]],
])("%s with the search list %j is asked for as %j", (name, search, names) => {
  expect(searchNames(name, search)).toEqual(names);
});
