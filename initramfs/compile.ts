import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fatal } from "../agent/errors.ts";
import { run } from "./run.ts";
import { unfinishedFolder } from "./unfinished.ts";

export interface CompileSpec {
  /** The checkout. */
  readonly project: string;
  /** Relative to the checkout; the first is the program, the others are its workers. No two file names are the same. */
  readonly entrypoints: readonly [string, ...string[]];
  /** Folders and files whose content decides, relative to the checkout. */
  readonly inputs: readonly string[];
  /** Bun's name of another machine to compile for, e.g. `bun-linux-x64-baseline`. */
  readonly target?: string;
  readonly out: string;
  /** Where the hash of the inputs of the last build is kept. */
  readonly cacheDir: string;
}

/**
 * ESM, because as CommonJS (Bun's choice with bytecode) import.meta.url would be the source's path on this
 * machine, and a worker would be looked for there. All entry points side by side, so that a worker found by
 * `new URL("./worker.ts", import.meta.url)` is found in the binary, too, where its caller is part of the
 * program's one file. PID 1 must not read a stray .env or bunfig.toml.
 */
const FLAGS = [
  ...["--bytecode", "--format=esm", "--minify", "--entry-naming=[name].[ext]"],
  ...["--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"],
];

/**
 * Compiles a program into one file, unless that was done already from the same content.
 *
 * @returns whether it was compiled now
 */
export async function compile(spec: CompileSpec): Promise<boolean> {
  const [program] = spec.entrypoints;
  if (!existsSync(join(spec.project, program))) {
    throw fatal("source-missing", {
      doing: `compile ${basename(spec.out)}`,
      on: program,
      found: "no such file",
      remedy: "run it in a whole checkout",
    });
  }
  const stamp = join(spec.cacheDir, `${basename(spec.out)}.inputs`);
  const inputs = await hashOfInputs(spec);
  if ((await textOf(stamp)) === `${inputs} ${await marksOf(spec.out)}`) return false;
  await mkdir(dirname(spec.out), { recursive: true });
  const target = spec.target === undefined ? [] : [`--target=${spec.target}`];
  // The output's name is in its bytes: the same name in another folder, then a move.
  const folder = await unfinishedFolder(spec.cacheDir, "compile-");
  try {
    const fresh = join(folder, basename(spec.out));
    await run(
      [process.execPath, "build", "--compile", ...FLAGS, ...target, ...spec.entrypoints, "--outfile", fresh],
      {
        doing: `compile ${basename(spec.out)}`,
        remedy: "mend what the compiler names; npm run check says more",
        seconds: 120,
        cwd: spec.project,
      },
    );
    await rename(fresh, spec.out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await Bun.write(stamp, `${inputs} ${await marksOf(spec.out)}`);
  return true;
}

async function hashOfInputs(spec: CompileSpec): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(JSON.stringify([Bun.version, FLAGS, spec.target ?? "", spec.entrypoints]));
  for (const input of spec.inputs) {
    for (const file of await filesIn(join(spec.project, input))) {
      hash.update(JSON.stringify(file.slice(spec.project.length)));
      hash.update(new Bun.CryptoHasher("sha256").update(await Bun.file(file).bytes()).digest());
    }
  }
  return hash.digest("hex");
}

/** All files below, sorted; the file itself where it is one. */
async function filesIn(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const items = await readdir(path, { recursive: true, withFileTypes: true });
  return items
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .sort();
}

/** Tells whether something else has replaced the file since; empty where it is not there. */
async function marksOf(file: string): Promise<string> {
  if (!existsSync(file)) return "";
  const { size, mtimeMs } = await stat(file);
  return `${size} ${mtimeMs}`;
}

async function textOf(file: string): Promise<string | undefined> {
  return existsSync(file) ? await Bun.file(file).text() : undefined;
}
