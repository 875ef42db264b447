/** Running a small program, bounded in time and output; no shell between. */

export interface CommandResult {
  /** Exit status; undefined where the time was over or a signal ended it. */
  readonly status: number | undefined;
  /** The last of what it wrote to standard error, trimmed. */
  readonly said: string;
}

/** More than any message of `ip` or `udhcpc` that a person would read. */
const MAX_SAID = 2048;

/**
 * Runs `argv` with nothing but `environment`, until it ends or `seconds` are over (then it is killed).
 * @throws Error with `code` where it cannot be started.
 */
export async function runCommand(
  argv: readonly string[],
  seconds: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = Bun.spawn([...argv], {
    env: { PATH: "/bin:/sbin:/usr/bin:/usr/sbin", ...environment },
    cwd: "/",
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  let said = "";
  const listening = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      said = (said + decoder.decode(chunk, { stream: true })).slice(-MAX_SAID);
    }
  })();
  await child.exited;
  // A grandchild may hold the pipe open for longer; it is not waited for.
  await Promise.race([listening, Bun.sleep(100)]);
  return { status: child.exitCode ?? undefined, said: said.trim() };
}
