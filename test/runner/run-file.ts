import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { out, project } from "../../qemu/paths.ts";
import { tied } from "../../qemu/tied.ts";
import { countOutcome, type Outcome } from "./outcome.ts";

/** One test file and what it may take. */
export interface TestFile {
  /** Relative to the project. */
  readonly path: string;
  /** For one test, unless it sets its own. */
  readonly testSeconds: number;
  /** For the whole file: then it is killed. */
  readonly fileSeconds: number;
}

/** Tests that mount get a mount namespace of their own, which goes with them. */
function namespaceOf({ path }: TestFile): string[] {
  return path.startsWith("test/ns/") ? ["unshare", "--mount", "--propagation", "private", "--"] : [];
}

/** Runs a test file in a process of its own, and prints what it said once it has ended. */
export async function runFile(file: TestFile): Promise<Outcome> {
  const started = performance.now();
  const report = join(out, "test", `${file.path}.xml`);
  rmSync(report, { force: true });
  mkdirSync(dirname(report), { recursive: true });
  const child = Bun.spawn(
    [
      ...namespaceOf(file),
      // Ends with this process, and what it booted ends with it.
      ...tied("KILL", [
        ...[process.execPath, "test", `./${file.path}`, `--timeout=${file.testSeconds * 1000}`],
        ...["--reporter=junit", `--reporter-outfile=${report}`],
      ]),
    ],
    {
      cwd: project,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: file.fileSeconds * 1000,
      killSignal: "SIGKILL",
    },
  );
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const outcome = countOutcome({ exitCode: child.exitCode, junit: readIfThere(report) });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${outcome.failed === 0 ? "ok  " : "FAIL"} ${file.path}: ${outcome.passed} tests, ${seconds} s`,
  );
  if (outcome.failed > 0) {
    if (child.signalCode === "SIGKILL") console.log(`killed, as it was not done after ${file.fileSeconds} s`);
    console.log([stdout, stderr].map((text) => text.trimEnd()).join("\n"));
  }
  return outcome;
}

/** Runs them, so many at a time, in the order given. */
export async function runFiles(files: readonly TestFile[], atOnce: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...files];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      outcomes.push(await runFile(file));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
