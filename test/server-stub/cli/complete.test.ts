import { describe, expect, test } from "bun:test";
import { defineCommand } from "../../../server-stub/cli/command.ts";
import { noderangeOperand, tablesOption } from "../../../server-stub/cli/common.ts";
import { type Candidates, complete, type NameSource } from "../../../server-stub/cli/complete.ts";

const run = () => Promise.resolve(0);
const commands = [
  defineCommand({
    name: "nodeset",
    summary: "",
    about: "",
    options: {
      tables: tablesOption,
      tftp: { takes: "DIR", help: "", completes: { kind: "folder" } },
      image: { takes: "IMAGE", short: "i", help: "", completes: { kind: "image" } },
      json: { help: "" },
    },
    operands: [
      noderangeOperand,
      { name: "STATE", completes: { kind: "state", words: ["boot", "stat"], imageAfter: ["osimage="] } },
    ],
    run,
  }),
  defineCommand({
    name: "noderange",
    summary: "",
    about: "",
    options: {},
    operands: [noderangeOperand],
    run,
  }),
];

/** Names from two tables, so that it shows whether the line's own are asked. */
const names: NameSource = {
  nodes: (tables) => Promise.resolve(tables === "/other" ? ["x01"] : ["n01", "n02"]),
  groups: () => Promise.resolve(["all", "new-rack"]),
  images: () => Promise.resolve(["img-a", "img-b"]),
};

describe("completion", () => {
  const cases: readonly (readonly [string, readonly string[], Candidates])[] = [
    ["a command", ["node"], { words: ["nodeset", "noderange"] }],
    ["a command, nothing typed", [""], { words: ["nodeset", "noderange", "--help", "--version"] }],
    ["of an unknown command nothing", ["nosuch", ""], { words: [] }],
    ["an option", ["nodeset", "--t"], { words: ["--tables", "--tftp"] }],
    ["an option's value: a folder", ["nodeset", "--tftp", "/tf"], { words: [], paths: "folder" }],
    ["an option's value behind =", ["nodeset", "--tftp=/tf"], { words: [], paths: "folder" }],
    ["tables: their kinds, and files", ["nodeset", "--tables", "s"], { words: ["sqlite:"], paths: "file" }],
    ["a short option's value", ["nodeset", "-i", "img-b"], { words: ["img-b"] }],
    ["an image behind =", ["nodeset", "--image=img"], { words: ["--image=img-a", "--image=img-b"] }],
    ["nodes and groups", ["nodeset", "n"], { words: ["n01", "n02", "new-rack"] }],
    ["from the tables on the line", ["nodeset", "--tables", "/other", "x"], { words: ["x01"] }],
    ["from the tables on the line, behind =", ["nodeset", "--tables=/other", "x"], { words: ["x01"] }],
    ["the last name of a range", ["nodeset", "n01,n0"], { words: ["n01,n01", "n01,n02"] }],
    ["what is left out", ["nodeset", "all,-new"], { words: ["all,-new-rack"] }],
    ["what is in both", ["nodeset", "all@n0"], { words: ["all@n01", "all@n02"] }],
    ["a state", ["nodeset", "--json", "n01", ""], { words: ["boot", "stat", "osimage="] }],
    ["an image in a state", ["nodeset", "n01", "osimage=img-a"], { words: ["osimage=img-a"] }],
    ["behind -- no options", ["nodeset", "--", "-"], { words: ["-n01", "-n02", "-all", "-new-rack"] }],
    ["what is more than the command takes", ["noderange", "n01", "n"], { words: [] }],
  ];
  for (const [rule, words, expected] of cases) {
    test(rule, async () => {
      expect(await complete(commands, words, names)).toEqual(expected);
    });
  }
});
