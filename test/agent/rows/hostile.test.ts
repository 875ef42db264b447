import { describe, expect, test } from "bun:test";
import { BootError, formatProblem } from "../../../agent/errors.ts";
import { commandLineOf } from "../../../agent/rows/command-line.ts";
import { type NodeTables, tablesOfNode } from "../../../agent/rows/node-tables.ts";
import { nodeAttribute } from "../../../agent/rows/nodes.ts";
import type { TableSet } from "../../../agent/rows/table.ts";
import { tableSet } from "../../server-stub/support/tables.ts";

const BASE = {
  nodelist: '#node,groups\n"n01","all"\n',
  nodetype: '#node,os,arch,profile,provmethod\n"all","l","x","c","img"\n',
};

async function refusal(set: TableSet, node = "n01"): Promise<string> {
  try {
    await tablesOfNode(set, node);
    return "none";
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    return error.problems.map(formatProblem).join("\n");
  }
}

function litefile(rows: readonly string[]): TableSet {
  return tableSet({ ...BASE, litefile: ["#image,file,options", ...rows, ""].join("\n") });
}

function litetree(...rows: string[]): Promise<NodeTables> {
  return tablesOfNode(
    tableSet({ ...BASE, litetree: ["#priority,image,directory", ...rows, ""].join("\n") }),
    "n01",
  );
}

describe("tables made by an enemy", () => {
  test("groups that go round: a node in a group of its own name, a group that is a member of itself", () => {
    const set = tableSet({
      nodelist: '#node,groups\n"n01","n01,a,a"\n"a","b"\n"b","a,n01"\n',
      nodetype: '#node,os\n"b","never reached"\n',
    });
    expect(nodeAttribute(set, "n01", "nodetype", "os")).toBe("");
  });

  test.each(["__proto__", "constructor", "toString"])(
    "%s is a table, column or node like any other",
    async (name) => {
      expect(nodeAttribute(tableSet(BASE), "n01", name, name)).toBe("");
      expect(await refusal(tableSet(BASE), name)).toContain(
        `${name}: the nodelist table has no node of this name`,
      );
      const { problems } = await litetree(`1,,mn:/x/$${name}.${name}/y`);
      expect(problems.map(formatProblem)).toEqual([expect.stringContaining(`"${name} does not exist"`)]);
    },
  );

  test("100,000 rows are taken, one more is refused with what to do", async () => {
    const rows = Array.from({ length: 99_999 }, (_, n) => `ALL,/etc/f${n},tmpfs`);
    expect((await tablesOfNode(litefile(rows), "n01")).litefile).toHaveLength(100_000);
    expect(await refusal(litefile([...rows, "ALL,/etc/more,tmpfs"]))).toContain("100001 litefile rows");
  });

  test("escape sequences and bytes beyond ASCII arrive as question marks, as from the server", async () => {
    const { litefile: rows } = await tablesOfNode(litefile(['ALL,"/etc/\x1b[2J\xe9\x9b",tmpfs']), "n01");
    expect(rows.map(({ path }) => path)).toContain("/etc/?[2J??");
  });

  test.each([
    ["a newline", 'ALL,"/etc/a\nb",tmpfs', "/etc/a\nb"],
    ["a colon", "ALL,/etc/a: ro /etc/b,tmpfs", "/etc/a: ro /etc/b"],
    ["blanks at its end", 'ALL,"/etc/a  ",tmpfs', "/etc/a  "],
  ])("a path with %s is one row with that path", async (_, row, path) => {
    const { litefile: rows } = await tablesOfNode(litefile([row]), "n01");
    expect(rows.filter((row) => row.options === "tmpfs")).toEqual([{ options: "tmpfs", path }]);
  });

  test.each([
    ["a directory that leads up", "1,,mn:/a/../../etc", 'the directory has ".." in it'],
    ["a server that is a path", "1,,../../x:/a", "is no server's name"],
    ["an escape sequence in a server", '1,,"\x1b[2J:/a"', "is no server's name"],
    ["a command", "1,,mn:/#CMD=date#", "did not run"],
  ])("a source with %s is a problem of its row", async (_, row, found) => {
    const tables = await litetree(row, "2,,mn:/good");
    expect(tables.litetree.map(({ directory }) => directory)).toEqual(["/good"]);
    expect(tables.problems.map(formatProblem)).toEqual([expect.stringContaining(found)]);
  });

  test("a variable is replaced once: what it stands for is no variable", async () => {
    const set = tableSet({
      ...BASE,
      nodetype: '#node,os,arch,profile,provmethod\n"all","$node$node","x","c","img"\n',
      litetree: "#priority,image,directory\n1,,mn:/x/$nodetype.os\n",
    });
    expect((await tablesOfNode(set, "n01")).litetree.map(({ directory }) => directory)).toEqual([
      "/x/$node$node",
    ]);
  });

  test("only settings of this project come from the kernel parameters that the tables add", async () => {
    const set = tableSet({
      ...BASE,
      bootparams: '#node,addkcmdline\n"n01","init=/bin/sh statelite.strict=1 NODE=n02 XCAT=evil"\n',
    });
    expect(commandLineOf(set, await tablesOfNode(set, "n01"))).toBe(
      "XCAT=127.0.0.1 NODE=n01 STATEMNT= MNTOPTS= statelite.strict=1",
    );
  });
});
