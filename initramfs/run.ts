import { fatal } from "../agent/errors.ts";

export interface RunOptions {
  /** What the program does here, for the message: `compress a segment`. */
  readonly doing: string;
  readonly remedy: string;
  /** Time limit; the program is killed when it is over. */
  readonly seconds: number;
  readonly cwd?: string;
  readonly input?: Uint8Array;
}

/**
 * Runs a program that must succeed.
 *
 * @returns its standard output
 * @throws BootError with the end of its standard error where it is not there, fails, or takes too long
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<Uint8Array> {
  const { doing, remedy } = options;
  const on = argv.join(" ").slice(0, 300);
  // depmod lives in /usr/sbin, which a user's PATH leaves out.
  const path = Bun.which(argv[0], { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
  if (path === null)
    throw fatal("program-missing", { doing, on, found: `there is no program ${argv[0]}`, remedy });
  const child = Bun.spawn([path, ...argv.slice(1)], {
    stdin: options.input ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: options.seconds * 1000,
    killSignal: "SIGKILL",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return stdout;
  const ending = child.signalCode === null ? `exit status ${code}` : `ended by ${child.signalCode}`;
  const late = child.signalCode === "SIGKILL" ? ` (its limit is ${options.seconds} s)` : "";
  const said = stderr.trim().split("\n").slice(-6).join(" | ");
  throw fatal("program-failed", { doing, on, found: `${ending}${late}: ${said}`, remedy });
}
