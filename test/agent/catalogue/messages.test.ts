import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProblemCode } from "../../../agent/catalogue/catalogue.ts";
import { parseCommandLine } from "../../../agent/cmdline/parse.ts";
import { parseArguments } from "../../../agent/commands/arguments.ts";
import { readDocumentFile } from "../../../agent/commands/document-file.ts";
import { openContext } from "../../../agent/commands/open-context.ts";
import { readStandIns, STAND_IN_ARGUMENTS } from "../../../agent/commands/stand-ins.ts";
import { readTableFiles } from "../../../agent/commands/table-files.ts";
import { carryOut } from "../../../agent/effects/carry-out.ts";
import { BootError, type Problem } from "../../../agent/errors.ts";
import { directCalls } from "../../../agent/kernel/calls.ts";
import type { DiskOp } from "../../../agent/localdisk/op.ts";
import { opProblem } from "../../../agent/localdisk/plan.ts";
import { Root } from "../../../agent/observe/root.ts";
import { checkInit, switchToRoot } from "../../../agent/phases/8-switch-root.ts";
import type { Op, OpKind } from "../../../agent/plan/op.ts";
import { tablesOfNode } from "../../../agent/rows/node-tables.ts";
import type { Applied } from "../../../agent/state.ts";
import { FAILURES, type FailureKind, QueryFailure } from "../../../agent/xcat/failure.ts";
import { judgeRow } from "../../../agent/xcat/litetree.ts";
import { withToldState } from "../../../agent/xcat/told-state.ts";
import { run } from "../../../initramfs/run.ts";
import { liteimg } from "../../../server-stub/commands/liteimg.ts";
import { prepareImage } from "../../../server-stub/liteimg/prepare.ts";
import { listenTcp } from "../../../server-stub/serve/listener.ts";
import { tableSet } from "../../server-stub/support/tables.ts";
import { makeSite, type Site } from "../commands/site.ts";

/** Messages that other tests know by their words: each of them by its code, produced by what produces it on a node. */

const base = mkdtempSync(join(tmpdir(), "statelite-messages-"));
afterAll(() => rmSync(base, { recursive: true }));

async function problemsOf(produce: () => unknown): Promise<readonly Problem[]> {
  try {
    const made = await produce();
    return Array.isArray(made) ? made : [];
  } catch (error) {
    if (error instanceof BootError) return error.problems;
    throw error;
  }
}

describe("the answer of a server", () => {
  test.each(Object.keys(FAILURES) as FailureKind[])("query-%s", (kind) => {
    const problem = new QueryFailure(kind, "found", "remedy").problem("ask", "mn");
    expect(problem).toMatchObject({ class: "fatal", code: `query-${kind}` });
  });

  const rows: [ProblemCode, () => unknown][] = [
    [
      "state-told",
      () => {
        const parsed = parseCommandLine("NFSROOT=mn:/i XCAT=https://mn NODE=n01");
        if (!parsed.ok) throw new BootError(parsed.problems);
        const state = { location: "nonsense", mountOptions: "" };
        return withToldState({ ...parsed.options, stateFromServer: true }, { rest: { state } as never });
      },
    ],
    [
      "litetree-row",
      () => judgeRow({ server: "mn", directory: "relative", mountOptions: "" }, "mn:relative").problems,
    ],
    [
      "litetree-undefined",
      () =>
        judgeRow({ server: "mn", directory: "/a/UNDEFINED", mountOptions: "" }, "mn:/a/UNDEFINED").problems,
    ],
  ];
  test.each(rows)("%s", async (code, produce) => {
    expect((await problemsOf(produce)).map((problem) => problem.code)).toContain(code);
  });
});

test.each<[OpKind, ProblemCode]>([
  ["copy", "op-copy"],
  ["seed", "op-seed"],
  ["overlay", "op-overlay"],
  ["concatenate", "op-concatenate"],
  ["symlink", "op-symlink"],
  ["mountpoint", "op-mountpoint"],
  ["bind", "op-bind"],
])("an op %s that fails is %s, with what failed and what to do", async (kind, code) => {
  const place = { tree: "/t", path: "/a" };
  const row = { options: "tmpfs", path: "/a" };
  const op = {
    kind,
    row,
    from: kind === "concatenate" ? [place] : place,
    to: place,
    at: place,
    target: place,
    upper: place,
    like: place,
    text: "x",
    exclude: [],
  } as unknown as Op;
  const plan = { placed: [], refused: [], stages: [[op]], binds: [], expectations: [], problems: [] };
  const effects = { run: () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" })) };
  const problems = await carryOut(
    plan,
    effects,
    openContext(() => undefined),
  );
  expect(problems).toMatchObject([{ class: "row", code, row, found: expect.stringContaining("ENOSPC") }]);
});

test.each<[DiskOp, ProblemCode]>([
  [{ kind: "mkfs", device: "/dev/sda1", fileSystem: "ext4" }, "local-disk-mkfs"],
  [{ kind: "mkswap", device: "/dev/sda2" }, "local-disk-mkswap"],
  [{ kind: "mount", device: "/dev/sda1", type: "ext4", at: "/.sllocal/localmnt" }, "local-disk-mount"],
  [{ kind: "swapon", device: "/dev/sda2" }, "local-disk-swapon"],
])("a step of the local disk that fails: %o", (op, code) => {
  expect(opProblem(op, "found", "remedy")).toMatchObject({ class: "fatal", code, on: op.device });
});

describe("plan and explain", () => {
  const tables = {
    nodelist: ["#node,groups", '"n01","all"', '"bare","none"'],
    nodetype: ["#node,os,arch,profile,provmethod", '"n01","l","x","c","compute"'],
    osimage: ["#imagename,groups", '"compute",""'],
    litefile: ["#image,file,options", '"ALL","/etc/a","persistent"'],
    litetree: ["#priority,image,directory", '"1","ALL","mn:/common"'],
    statelite: ["#node,image,statemnt", '"n01","","mn:/state"'],
  };
  /** Codes of the document that `--json` prints, or those that the refusal has by its words. */
  const codesIn = (site: Site, ...words: readonly string[]): readonly string[] => {
    const { out } = site.agent("plan", "--root", "image", "--tables", "tables", "--json", ...words);
    return (JSON.parse(out) as { problems: Problem[] }).problems.map(({ code }) => code);
  };

  test("what is missing or left out, in the document", () => {
    using site = makeSite({ tables, image: { "etc/a": "" }, trees: { empty: {} } });
    expect(codesIn(site, "--node", "n01")).toEqual(["source-not-given", "state-not-given"]);
    rmSync(join(site.path, "tables/litetree.csv"));
    site.table("litefile", ["#image,file,options", '"","/etc/b","ro"', '"ALL","/etc/open']);
    const found = codesIn(site, "--node", "n01", "--image", "nobody");
    expect(found).toEqual(
      expect.arrayContaining(["tables-missing", "tables-row", "tables-dropped", "tables-osimage"]),
    );
    const stateless = codesIn(site, "--node", "n01", "--source", "mn:/=empty");
    expect(stateless).toContain("state-missing");
  });
});

describe("what ends a command of the agent", () => {
  const BARE = { nodelist: '#node,groups\n"n01","all"\n' };
  const NODE = { ...BARE, nodetype: '#node,os,arch,profile,provmethod\n"n01","l","x","c","img"\n' };
  const document = (text: string): string => {
    const file = join(base, "document.json");
    writeFileSync(file, text);
    return file;
  };
  const crowd = Array.from({ length: 100_000 }, (_, n) => `ALL,/etc/f${n},tmpfs`).join("\n");
  const about = { doing: "read", remedy: "give another" };
  const rows: [ProblemCode, () => unknown][] = [
    ["tables", () => readTableFiles(join(base, "nowhere"))],
    ["tables-node", () => tablesOfNode(tableSet(BARE), "n99")],
    ["tables-image", () => tablesOfNode(tableSet(BARE), "n01")],
    [
      "tables-too-large",
      () => tablesOfNode(tableSet({ ...NODE, litefile: `#image,file,options\n${crowd}\n` }), "n01"),
    ],
    [
      "tables-unreadable",
      () =>
        tablesOfNode(
          tableSet({
            ...NODE,
            litetree: '#priority,image,directory\n"1","ALL","$no.thing:$other.thing/d"\n',
          }),
          "n01",
        ),
    ],
    [
      "directory-given",
      () => readStandIns(parseArguments(["--root", join(base, "nowhere")], STAND_IN_ARGUMENTS)),
    ],
    ["report-file", () => readDocumentFile(document("{}"), { ...about, code: "report-file" })],
    ["plan-file", () => readDocumentFile(document("{{{"), { ...about, code: "plan-file" })],
    [
      "listen",
      () =>
        listenTcp({ host: "192.0.2.1", port: 1 }, { line: () => undefined, complaint: () => undefined }, () =>
          Promise.resolve(),
        ),
    ],
  ];
  test.each(rows)("%s", async (code, produce) => {
    expect((await problemsOf(produce)).map((problem) => problem.code)).toEqual([code]);
  });
});

test("switch-root: nothing is deleted by any process but the first one of an initramfs", async () => {
  const root = new Root(base, directCalls);
  const applied = { root, options: { init: { path: "/sbin/init", args: [] } } } as unknown as Applied;
  const problems = await problemsOf(() =>
    switchToRoot.run(
      applied,
      openContext(() => undefined),
    ),
  );
  expect(problems).toMatchObject([{ class: "fatal", code: "switch-root" }]);
});

test("init-missing: an image without an init is found out before anything is deleted", async () => {
  const problems = await problemsOf(() => checkInit(new Root(base, directCalls), "/sbin/init"));
  expect(problems).toMatchObject([
    {
      class: "fatal",
      code: "init-missing",
      on: "/sbin/init in the image",
      found: expect.stringContaining("ENOENT"),
    },
  ]);
});

describe("liteimg", () => {
  const image = (name: string): string => {
    const root = join(base, name);
    mkdirSync(join(root, "etc/file"), { recursive: true });
    return root;
  };
  const row = (options: string, file: string) => ({ options, file, origin: "row 1" });
  const quietly = () => undefined;
  const tables = (): string => {
    const folder = join(base, "tables");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "litefile.csv"), "#image,file,options\n");
    return folder;
  };
  const rows: [ProblemCode, () => unknown][] = [
    ["litefile-row", () => prepareImage(image("row"), [row("wibble", "/etc/a")], quietly)],
    [
      "liteimg-path",
      () => {
        const root = image("path");
        writeFileSync(join(root, "etc/plain"), "");
        return prepareImage(root, [row("tmpfs", "/etc/plain/")], quietly);
      },
    ],
    ["liteimg-root", () => liteimg.run(["--tables", tables(), "--root", join(base, "nowhere")])],
    [
      "liteimg-record",
      () => {
        const root = image("record");
        writeFileSync(`${root}.liteimg.json`, "{{{");
        return prepareImage(root, [row("tmpfs", "/etc/a")], quietly);
      },
    ],
  ];
  test.each(rows)("%s", async (code, produce) => {
    expect((await problemsOf(produce)).map((problem) => problem.code)).toContain(code);
  });
});

test("program-failed", async () => {
  const problems = await problemsOf(() => run(["false"], { doing: "try", remedy: "none", seconds: 5 }));
  expect(problems).toMatchObject([
    { code: "program-failed", found: expect.stringContaining("exit status 1") },
  ]);
});
