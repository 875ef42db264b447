import { writeFileSync } from "node:fs";
import type { BootOptions, Settings } from "./cmdline/options.ts";
import type { BootContext } from "./context.ts";
import { BootError, type Problem, printable } from "./errors.ts";
import { errorReason } from "./kernel/errno.ts";
import { restartMachine } from "./kernel/process.ts";
import { formatLogLine } from "./log.ts";

/** What is done when the boot cannot go on (semantics section 9), and the pauses of `shell` (section 8). */

/** Milliseconds until the machine may go down although the install monitor was not told of the failure. */
const MONITOR_GRACE = 3000;

const SHELL = ["/bin/busybox", "setsid", "/bin/busybox", "cttyhack", "/bin/busybox", "sh", "-l"];

/** In the initramfs, for whoever gets the shell. */
const ACCOUNT = "/run/statelite.log";
const REPORT = "/run/statelite.json";

/** A pause asked for by `shell` on the command line; leaving the shell goes on. */
export type Pause = (options: BootOptions, where: string) => Promise<void>;

export const pause: Pause = async (options, where) => {
  if (!options.shell) return;
  say([
    `statelite: ${where}.`,
    'A shell, as "shell" on the command line asks; "exit" goes on with the boot.',
  ]);
  await runShell();
};

/** Reports the failure on the console, leaves the report, and does what the failure policy says. Never returns. */
export async function fail(error: unknown, settings: Settings, context: BootContext): Promise<never> {
  context.over.abort();
  context.monitor.tell("failed");
  const problems = problemsOf(error, context);
  context.report.problem(...problems.filter((problem) => !context.report.problems.includes(problem)));
  const said = message(problems, settings);
  say(said);
  const report = JSON.stringify(context.report.build(false));
  await context.delivery.deliver(report, settings.report);
  if (settings.onfail !== "shell") {
    await Promise.all([Bun.sleep(settings.onfailDelay * 1000), context.monitor.settle(MONITOR_GRACE)]);
    return restart(settings.onfail);
  }
  const account = [...context.log.lines.map(formatLogLine), ...said.map(printable)];
  writeFileSync(ACCOUNT, account.map((line) => `${line}\n`).join(""));
  writeFileSync(REPORT, report);
  say([
    `"exit" restarts the machine. The account of this boot: ${ACCOUNT}`,
    `Why a path holds what it holds: statelite-agent explain PATH --report ${REPORT}`,
  ]);
  await runShell();
  return restart("reboot");
}

/** A failure that is none of ours keeps its stack for the log: it is a mistake in this program. */
function problemsOf(error: unknown, context: BootContext): readonly Problem[] {
  if (error instanceof BootError) return error.problems;
  if (error instanceof Error) context.log.detail(error.stack ?? error.message);
  return [
    {
      class: "fatal",
      code: "unforeseen",
      doing: "boot",
      on: "statelite-agent",
      found: errorReason(error),
      remedy: "this is a mistake in the agent: keep the console output and report it",
    },
  ];
}

/** The four parts of each problem on lines of their own, and what happens next. */
export function message(problems: readonly Problem[], settings: Settings): string[] {
  const lines = ["", "statelite: THE BOOT OF THIS NODE HAS FAILED"];
  for (const { doing, on, found, remedy } of problems) {
    lines.push("", `  doing   ${doing}`, `  on      ${on}`, `  found   ${found}`, `  remedy  ${remedy}`);
  }
  lines.push("", `statelite: policy statelite.onfail=${settings.onfail}${nextStep(settings)}`, "");
  return lines;
}

function nextStep({ onfail, onfailDelay }: Settings): string {
  return onfail === "shell" ? ": a shell on this console" : ` in ${onfailDelay} s`;
}

function say(lines: readonly string[]): void {
  for (const line of lines) console.log(printable(line));
}

async function runShell(): Promise<void> {
  const shell = Bun.spawn(SHELL, {
    stdio: ["inherit", "inherit", "inherit"],
    env: { ...process.env, PS1: "statelite# " },
  });
  await shell.exited;
}

/** Asks the kernel until it obeys: the first process must not end. */
async function restart(how: "reboot" | "poweroff" | "halt"): Promise<never> {
  for (;;) {
    try {
      restartMachine(how);
    } catch (error) {
      say([`statelite: ${errorReason(error)}; trying again`]);
    }
    await Bun.sleep(5000);
  }
}
