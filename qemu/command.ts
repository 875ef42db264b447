import { BenchError } from "./problem.ts";
import { tied } from "./tied.ts";

export interface RunOptions {
  /** Time limit; the command is killed when it is over. */
  readonly seconds: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Text for standard input; without it there is none. */
  readonly input?: string;
  /** Shows the command's output to the person as it comes, instead of returning it. */
  readonly show?: boolean;
  /** What to do where it fails, for the message. */
  readonly remedy?: string;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever its status. A command that is not there or too slow is an error. */
export async function attempt(argv: readonly string[], options: RunOptions): Promise<Finished> {
  const doing = "run a command";
  const on = argv.join(" ").slice(0, 300);
  const output = options.show === true ? "inherit" : "pipe";
  let child: Bun.Subprocess<"ignore" | Uint8Array, "inherit" | "pipe", "inherit" | "pipe">;
  try {
    // What this process started must not outlive it: mmdebstrap, for one, would go on for a minute.
    child = Bun.spawn(tied("TERM", argv), {
      stdin: options.input === undefined ? "ignore" : new TextEncoder().encode(options.input),
      stdout: output,
      stderr: output,
      timeout: options.seconds * 1000,
      killSignal: "SIGKILL",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    });
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new BenchError(
      { doing, on, found, remedy: options.remedy ?? "run npm run setup" },
      { cause: error },
    );
  }
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), child.exited]);
  if (child.signalCode === "SIGKILL") {
    throw new BenchError({
      doing,
      on,
      found: `killed, as it was not done after ${options.seconds} s: ${lastLines(stderr, 3)}`,
      remedy: options.remedy ?? "run it by hand to see where it hangs",
    });
  }
  return { code, stdout, stderr };
}

/** Runs a command that must succeed, and gives its standard output. */
export async function run(argv: readonly string[], options: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code === 0) return stdout;
  throw new BenchError({
    doing: "run a command",
    on: argv.join(" ").slice(0, 300),
    found: `exit status ${code}: ${lastLines(stderr || stdout, 8)}`,
    remedy:
      options.remedy ?? (code === 127 ? "npm run setup" : "run it by hand to see the whole of its output"),
  });
}

/** The end of a program's output, for a message. */
export function lastLines(output: string, count: number): string {
  return output.trimEnd().split("\n").slice(-count).join(" | ");
}

async function text(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  return stream === undefined ? "" : await new Response(stream).text();
}
