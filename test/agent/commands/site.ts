import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import invariant from "tiny-invariant";
import { type Tree, writeTree } from "../../ns/trees.ts";

const PROJECT = resolve(import.meta.dirname, "../../..");

/** A management node's folder: tables, an image that liteimg has prepared, trees to search. */
export interface Site extends Disposable {
  readonly path: string;
  /** Runs the agent there as an administrator would. */
  agent(...words: readonly string[]): { readonly status: number; readonly out: string; readonly err: string };
  /** Writes a table anew. */
  table(name: string, lines: readonly string[]): void;
}

export interface SiteSpec {
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly image: Tree;
  /** Lines of the litefile table that liteimg never saw: it refuses what makes no sense. */
  readonly late?: readonly string[];
  /** Folders beside the image, by name. */
  readonly trees?: Readonly<Record<string, Tree>>;
}

/** Makes the folder; it goes when it is out of scope. */
export function makeSite({ tables, image, late = [], trees = {} }: SiteSpec): Site {
  const path = mkdtempSync(join(tmpdir(), "statelite-plan-"));
  const run = (program: string, words: readonly string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, join(PROJECT, program), ...words], {
      cwd: path,
      timeout: 60_000,
    });
    return { status: exitCode, out: stdout.toString(), err: stderr.toString() };
  };
  const table = (name: string, lines: readonly string[]) =>
    writeFileSync(join(path, "tables", `${name}.csv`), lines.map((line) => `${line}\n`).join(""));
  mkdirSync(join(path, "tables"));
  for (const [name, lines] of Object.entries(tables)) table(name, lines);
  for (const [name, tree] of Object.entries({ ...trees, image })) writeTree(join(path, name), tree);
  const prepared = run("server-stub/main.ts", [
    "liteimg",
    "--tables",
    "tables",
    "--root",
    "image",
    "compute",
  ]);
  invariant(prepared.status === 0, prepared.err);
  table("litefile", [...(tables["litefile"] ?? []), ...late]);
  return {
    path,
    table,
    agent: (...words) => run("agent/main.ts", words),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
