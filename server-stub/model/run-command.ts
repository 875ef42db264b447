import type { CommandRunner } from "../../agent/rows/litetree.ts";
import type { ServerLog } from "../log.ts";

const timeoutMilliseconds = 10_000;
const maxOutput = 64 * 1024;

/** For servers started without `--allow-cmd`: whoever can write the litetree table must not run programs here. */
export function refuseCommands(log: ServerLog): CommandRunner {
  return async (command) => {
    log.line(`litetree: #CMD=${command}# not run; give --allow-cmd if that is wanted`);
    return "";
  };
}

/** Runs `#CMD=` by the shell, with a time limit; what it prints, standard error included, is its value. */
export function shellCommands(log: ServerLog): CommandRunner {
  return async (command) => {
    const bytes = Buffer.from(command, "latin1").toString();
    const child = Bun.spawn(["/bin/sh", "-c", `exec 2>&1\n${bytes}`], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: timeoutMilliseconds,
      killSignal: "SIGKILL",
      maxBuffer: maxOutput,
    });
    const output = Buffer.from(await new Response(child.stdout).arrayBuffer()).toString("latin1");
    const status = await child.exited;
    if (status === 0) return output.replace(/\n$/, "");
    log.line(`litetree: #CMD=${command}# ended with ${child.signalCode ?? `status ${status}`}`);
    return "";
  };
}
