import { writeFileSync } from "node:fs";
import type { BootOptions, Settings } from "./cmdline/options.ts";
import type { BootContext } from "./context.ts";
import { printable } from "./errors.ts";
import type { Console } from "./failure/console.ts";
import { tellKernel } from "./failure/kernel-log.ts";
import { describePolicy, failureLines, failureMessage } from "./failure/message.ts";
import { restart } from "./failure/restart.ts";
import { readShellLock, runShell } from "./failure/shell.ts";
import { problemsOf } from "./failure/unforeseen.ts";
import { errorReason } from "./kernel/errno.ts";
import { formatLogLine } from "./log.ts";
import { MONITOR_GRACE } from "./monitor/monitor.ts";
import { toJson } from "./report/json.ts";
import { tellFailed } from "./syslog/outcome.ts";

/** What is done when the boot cannot go on (semantics section 9), and the pauses of `shell` (section 8). */

/** In the initramfs, for whoever gets the shell. */
const ACCOUNT = "/run/statelite.log";
const REPORT = "/run/statelite.json";

/** Nobody has read the message and typed `exit` in less. */
const TYPING_MS = 3000;

/** Telling of the failure, and the restart, are done in this time; else the watchdog ends them. */
const [TELL_SECONDS, RESTART_SECONDS] = [120, 60];

/** A pause asked for by `shell` on the command line; leaving the shell goes on. */
export type Pause = (options: BootOptions, where: string) => Promise<void>;

/** The pauses on a console. */
export function pauseOn(terminal: Console): Pause {
  return async (options, where) => {
    if (!options.shell) return;
    const lock = readShellLock();
    if (lock === "refused") {
      say(terminal, [`statelite: ${where}. No shell: this initrd was built with --shell=refused.`]);
      return;
    }
    say(terminal, [
      `statelite: ${where}.`,
      'A shell, as "shell" on the command line asks; "exit" goes on with the boot.',
    ]);
    terminal.drain();
    await runShell(lock);
  };
}

/**
 * Reports the failure wherever somebody may look, and does what the failure policy says. Never returns, whatever
 * goes wrong in it.
 */
export async function fail(
  error: unknown,
  settings: Settings,
  context: BootContext,
  terminal: Console,
): Promise<never> {
  context.over.abort();
  context.watchdog.expect(TELL_SECONDS);
  const lock = readShellLock();
  try {
    context.monitor.tell("failed");
    const problems = problemsOf(error, context.log);
    const policy = describePolicy(settings, lock);
    const said = failureMessage(problems, policy);
    await tellKernelApart(failureLines(problems, policy));
    say(terminal, said);
    for (const problem of problems.filter((one) => !context.report.problems.includes(one))) {
      context.log.record(problem);
      context.report.problem(problem);
    }
    await leaveAccount(said, settings, context);
  } catch (second) {
    // Of this the person at the console has to know, and the policy is to be kept all the same.
    say(terminal, [`statelite: the failure could not be told everywhere: ${errorReason(second)}`]);
  }
  if (settings.onfail === "shell" && lock !== "refused") {
    say(terminal, [
      `"exit" restarts the machine. The account of this boot: ${ACCOUNT}`,
      `Why a path holds what it holds: statelite-agent explain PATH --report ${REPORT}`,
    ]);
    terminal.drain();
    context.watchdog.expect(Number.POSITIVE_INFINITY);
    const began = performance.now();
    await runShell(lock).catch((cause: unknown) =>
      say(terminal, [`statelite: no shell: ${errorReason(cause)}`]),
    );
    context.watchdog.expect(settings.onfailDelay + RESTART_SECONDS);
    // A console at which nobody can type ends it at once: servers are not to be asked again and again without a pause.
    if (performance.now() - began < TYPING_MS) await Bun.sleep(settings.onfailDelay * 1000);
    terminal.drain();
    return restart("reboot", (line) => say(terminal, [line]));
  }
  context.watchdog.expect(settings.onfailDelay + RESTART_SECONDS);
  await Bun.sleep(settings.onfailDelay * 1000);
  terminal.drain();
  return restart(settings.onfail === "shell" ? "halt" : settings.onfail, (line) => say(terminal, [line]));
}

/** A kernel that writes to the same serial line does so at once, in the middle of what a terminal has yet to send. */
const LINE_PAUSE_MS = 150;

async function tellKernelApart(lines: readonly string[]): Promise<void> {
  await Bun.sleep(LINE_PAUSE_MS);
  tellKernel(lines.map(printable), "error");
  await Bun.sleep(LINE_PAUSE_MS);
}

/** The report to wherever it goes, and the account for whoever gets the shell. */
async function leaveAccount(said: readonly string[], settings: Settings, context: BootContext) {
  const report = toJson(context.report.build(false));
  await Promise.all([
    context.monitor.settle(MONITOR_GRACE.failure),
    tellFailed(context.remoteLog, report),
    context.delivery.deliver(report, settings.report),
  ]);
  const account = [...context.log.lines.map(formatLogLine), ...said.map(printable)];
  writeFileSync(ACCOUNT, account.map((line) => `${line}\n`).join(""));
  writeFileSync(REPORT, report);
}

function say(terminal: Console, lines: readonly string[]): void {
  for (const line of lines) terminal.write(printable(line));
}
