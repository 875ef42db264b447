import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const golden = join(import.meta.dir, "../golden");
const main = join(import.meta.dir, "../../server-stub/main.ts");
const baseline = ["--tables", join(golden, "xcatd/tables-baseline")];
const image = "rhels9-x86_64-statelite-compute";

const serve = ["serve", ...baseline, "--listen", "127.0.0.1:0"];

function run(...args: readonly string[]): { status: number; output: string; errors: string } {
  const child = Bun.spawnSync([process.execPath, main, ...args], { stdin: "ignore", timeout: 10_000 });
  return { status: child.exitCode, output: child.stdout.toString(), errors: child.stderr.toString() };
}

describe("commands print what those of xCAT print", () => {
  const cases: readonly (readonly [string, readonly string[], number])[] = [
    ["litefile_n01.txt", ["litefile", ...baseline, "n01"], 0],
    ["litefile_nosuch.txt", ["litefile", ...baseline, "nosuch"], 1],
    ["litetree_n01.txt", ["litetree", ...baseline, "n01"], 0],
    ["lslite.txt", ["lslite"], 2],
    ["lslite_n01.txt", ["lslite", ...baseline, "n01"], 0],
    [`lslite_-i_${image}.txt`, ["lslite", ...baseline, "-i", image], 0],
  ];
  for (const [file, args, status] of cases) {
    test(file, () => {
      const done = run(...args);
      expect(done.output + done.errors).toBe(readFileSync(join(golden, "cli", file), "utf8"));
      expect(done.status).toBe(status);
    });
  }
});

describe("exit status", () => {
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["0 and the list of commands for --help", ["--help"], 0, /^Usage: .*\n[\s\S]*\n {2}liteimg /],
    ["0 and the version for --version", ["--version"], 0, /^statelite-server \d+\.\d+\.\d+\n$/],
    ["0 and a command's help for its --help", ["serve", "--help"], 0, /^Usage: statelite-server serve /],
    ["2 without a command", [], 2, /Usage: /],
    ["2 for an unknown command, printed harmlessly", ["\u001b[2J"], 2, /no command \\x1b\[2J\n/],
    ["2 for an unknown option", ["liteimg", "--wrong"], 2, /--wrong/],
    ["2 for a missing option", ["serve", "--listen", ":1"], 2, /--cert is needed/],
    [
      "2 for an address without a port",
      ["serve", "--listen", "here"],
      2,
      /--listen here: HOST:PORT expected/,
    ],
    [
      "1 for tables that are not there",
      ["litefile", "--tables", "/nonexistent", "n01"],
      1,
      /\/nonexistent: ENOENT/,
    ],
    ["1 for an unknown image", ["lslite", ...baseline, "-i", "nosuch"], 1, /'nosuch' is not defined/],
    ["2 for nodes and an image", ["lslite", ...baseline, "-i", image, "n01"], 2, /nodes \(n01\) or an image/],
    ["1 for the machine's own root as image", ["liteimg", ...baseline, "--root", "/"], 1, /own root/],
    [
      "1 for a certificate that is none",
      [...serve, "--cert", main, "--key", main],
      1,
      /use the certificate: TLS: /,
    ],
    [
      "1 for a certificate that is not there",
      [...serve, "--cert", "/nonexistent", "--key", main],
      1,
      /\/nonexistent/,
    ],
    [
      "1 for an address that is not this machine's",
      [
        "serve",
        ...baseline,
        "--listen",
        "127.0.0.1:0",
        "--monitor",
        "192.0.2.1:3002",
        "--cert",
        main,
        "--key",
        main,
      ],
      1,
      /listen: 192\.0\.2\.1:3002: /,
    ],
    ["1 for a node without os, arch, profile", ["litetree", ...baseline, "n03"], 1, /n03 does not have os/],
  ];
  for (const [rule, args, status, text] of cases) {
    test(rule, () => {
      const done = run(...args);
      expect(done.output + done.errors).toMatch(text);
      expect(done.status).toBe(status);
    });
  }
});

test("--json gives the rows of several nodes", () => {
  const { output } = run("litetree", ...baseline, "--json", "n01,n02");
  expect(JSON.parse(output)).toEqual([
    {
      node: "n01",
      image,
      rows: ["127.0.0.1:/syncdirs/n01", "127.0.0.1:/syncdirs/rhels9/compute", "127.0.0.1:/syncdirs/common"],
    },
    {
      node: "n02",
      image: "debian12-x86_64-statelite-compute",
      rows: ["127.0.0.1:/syncdirs/n02", "127.0.0.1:/syncdirs/debian12/compute", "127.0.0.1:/syncdirs/common"],
    },
  ]);
});

describe("liteimg puts nothing back for a mistake", () => {
  const tables = (set: string) => ["--tables", join(golden, "xcatd", set)];
  const none = mkdtempSync(join(tmpdir(), "statelite-no-tables-"));
  const root = join(none, "rootimg");
  mkdirSync(root);
  afterAll(() => rmSync(none, { recursive: true }));
  const cases: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["a mistyped name", ["imgg", ...tables("tables-edges")], 1, /: imgg: neither the osimage table/],
    ["tables without a litefile", ["imgg", "--tables", none], 1, /: litefile: there is no such table/],
    ["two names", ["imgg", "--image", "other-image", ...tables("tables-edges")], 2, /one image at a time/],
    ["a name in osimage", [image, ...tables("tables-baseline")], 0, /^$/],
    ["a name in litefile alone", ["other-image", ...tables("tables-edges")], 1, /: check the litefile rows/],
    ["a name that a node has", ["debian12-x86_64-statelite-compute", ...tables("tables-baseline")], 0, /^$/],
  ];
  for (const [what, args, status, message] of cases)
    test(what, () => {
      const done = run("liteimg", "--dry-run", "--root", root, ...args);
      expect(done.errors).toMatch(message);
      expect(done.status).toBe(status);
    });
});

test("liteimg wants the image's name where the table has rows for single images", () => {
  const { status, errors } = run("liteimg", "--tables", join(golden, "xcatd/tables-edges"), "--root", "/tmp");
  expect(errors).toContain("name the image");
  expect(status).toBe(2);
});

describe("lslite", () => {
  const edges = ["--tables", join(golden, "xcatd/tables-edges")];

  test("shows the nodes that have an image, and says which have none", () => {
    const { status, output, errors } = run("lslite", ...baseline, "n03,n01");
    expect([status, errors]).toEqual([
      1,
      "Error: n03 does not have os, arch, or profile defined in nodetype table\n",
    ]);
    expect(output).toBe(readFileSync(join(golden, "cli/lslite_n01.txt"), "utf8"));
  });

  test("shows nothing of nobody", () => {
    expect(run("lslite", ...baseline, "n01,-n01")).toEqual({ status: 0, output: "", errors: "" });
  });

  test("runs #CMD= where it may, and tells of a table that is none", () => {
    const { status, output, errors } = run("lslite", ...edges, "--allow-cmd", "n01");
    expect(output).toContain("\n        18, 10.0.0.1:/cmd/hello/x\n");
    expect(errors).toContain("Error: nosuchtable does not exist\n");
    expect(status).toBe(1);
  });
});

test("litetree tells of a table that is none by its exit status, too", () => {
  const { status, output, errors } = run("litetree", "--tables", join(golden, "xcatd/tables-edges"), "n01");
  expect([status, output.includes("n01: 10.0.0.1:\n")]).toEqual([1, true]);
  expect(errors).toContain("Error: nosuchtable does not exist\n");
});

test("lslite names the rows that reach no node", () => {
  const { errors } = run("lslite", "--tables", join(golden, "xcatd/tables-edges"), "n01");
  expect(errors).toMatch(/litefile\.csv line 21: no image is named/);
});

describe("every command", () => {
  const commands = [...run("--help").output.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name ?? "");

  test("is in the list", () => {
    expect(commands).toEqual([
      ...["serve", "liteimg", "nodeset", "litefile", "litetree", "lslite", "noderange", "completion"],
    ]);
  });

  for (const name of commands) {
    test(`${name} has help of at most 120 columns, whatever else is on the line`, () => {
      const { status, output } = run(name, "--nosuch", "--help");
      expect(output).toStartWith(`Usage: statelite-server ${name} `);
      expect(Math.max(...output.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
      expect(status).toBe(0);
    });

    test(`${name} ends with 2 and its help for an option that it does not have`, () => {
      const { status, errors } = run(name, "--nosuch");
      expect(errors).toMatch(new RegExp(`^statelite-server ${name}: .*--nosuch[\\s\\S]*\\nUsage: `));
      expect(status).toBe(2);
    });
  }
});

describe("noderange", () => {
  test("prints the nodes, one on a line", () => {
    expect(run("noderange", ...baseline, "n[01-03],-n02")).toEqual({
      status: 0,
      output: "n01\nn03\n",
      errors: "",
    });
  });

  test("--json has what is missing, which ends it with 1", () => {
    const { status, output, errors } = run("noderange", ...baseline, "--json", "n01,nosuch");
    expect(JSON.parse(output)).toEqual({ nodes: ["n01"], missing: ["nosuch"] });
    expect(errors).toBe("Error: Invalid nodes and/or groups in noderange: nosuch\n");
    expect(status).toBe(1);
  });
});

test("the tables may be named by the environment", () => {
  const child = Bun.spawnSync([process.execPath, main, "noderange", "n01"], {
    env: { ...process.env, STATELITE_TABLES: baseline[1] },
  });
  expect(child.stdout.toString()).toBe("n01\n");
});

test("what is under way goes on where the reader of its output has left", () => {
  const line = `${process.execPath} ${main} noderange ${baseline.join(" ")} "n[01-08],n01" | true; echo "\${PIPESTATUS[0]}"`;
  const child = Bun.spawnSync(["bash", "-c", line]);
  expect(child.stderr.toString()).toBe("");
  expect(child.stdout.toString()).toBe("0\n");
});
