import { readFileSync } from "node:fs";
import { boot } from "../boot.ts";
import { parseCommandLine } from "../cmdline/parse.ts";
import { defaultSettings } from "../cmdline/settings.ts";
import { DeadlineError } from "../concurrency.ts";
import type { BootContext } from "../context.ts";
import { type BootError, fatal } from "../errors.ts";
import { Console } from "../failure/console.ts";
import { restartOnPanic } from "../failure/panic.ts";
import { restart } from "../failure/restart.ts";
import { readShellLock } from "../failure/shell.ts";
import { obeySignals } from "../failure/signals.ts";
import { allowManyFiles } from "../kernel/process.ts";
import { formatOp } from "../plan/op.ts";
import type { ReportBuilder } from "../report/report.ts";
import { fail, pauseOn } from "../rescue.ts";
import { VERSION } from "../version.ts";
import { UsageError } from "./arguments.ts";
import { openContext } from "./open-context.ts";

export const INIT_HELP = `usage: statelite-agent init

The first process of an initrd: boots the node as /proc/cmdline says. It takes no arguments, and never returns:
it becomes the real init, or does what statelite.onfail says.
`;

/** The failure policy begins this long after the deadline at the latest, or the event loop hangs. */
const GRACE_SECONDS = 30;

/** The first process of the initrd. Never returns: it becomes the real init, or the failure policy runs. */
export async function runInit(args: readonly string[]): Promise<number> {
  if (args.length > 0) throw new UsageError("init takes no arguments; it reads /proc/cmdline");
  if (process.pid !== 1) throw new UsageError("init is for the first process of an initrd; see apply");
  const terminal = new Console();
  const context = openContext((line) => terminal.write(line));
  let settings = defaultSettings();
  const policy = once((error: unknown) => fail(error, settings, context, terminal));
  process.on("uncaughtException", policy);
  process.on("unhandledRejection", policy);
  try {
    obeySignals((how, signal) => {
      context.log.say(`${signal}: ${how}`);
      return restart(how, (line) => context.log.say(line));
    });
    context.log.say(`statelite-agent ${VERSION}`);
    const commandLine = readFileSync("/proc/cmdline", "utf8");
    // Read for the settings alone: how a failure is handled has to be known before anything can fail.
    const parsed = parseCommandLine(commandLine);
    settings = parsed.ok ? parsed.options.settings : parsed.settings;
    context.beforeInit.push(restartOnPanic(settings), allowManyFiles(), () => terminal.drain());
    // A person at a shell is not to be hurried; where the initrd opens none, there is no person.
    const person = parsed.ok && parsed.options.shell && readShellLock() !== "refused";
    const limit = person ? 0 : settings.deadline;
    context.watchdog.expect(limit === 0 ? Number.POSITIVE_INFINITY : limit + GRACE_SECONDS);
    return await beforeDeadline(boot({ commandLine }, context, pauseOn(terminal)), limit, context);
  } catch (error) {
    return await policy(error);
  }
}

/** The first failure decides; what fails while it is dealt with waits for ever, as the first one never returns. */
function once(handle: (error: unknown) => Promise<never>): (error: unknown) => Promise<never> {
  let first: Promise<never> | undefined;
  return (error) => {
    first ??= handle(error);
    return first;
  };
}

/** @param seconds 0 for no limit @throws BootError when they are over */
async function beforeDeadline(
  booted: Promise<never>,
  seconds: number,
  { log, report }: BootContext,
): Promise<never> {
  if (seconds === 0) return booted;
  const late = Bun.sleep(seconds * 1000).then((): never => {
    throw tooLate(seconds, report, log.lines.at(-1)?.text);
  });
  return Promise.race([booted, late]);
}

/** What was waited for is named as far as it is known: an op that reads from a server that is gone, for one. */
function tooLate(
  seconds: number,
  { phase = "none", underWay }: Pick<ReportBuilder, "phase" | "underWay">,
  last = "none",
): BootError {
  const [op, ...others] = underWay.map(formatOp);
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return fatal(
    "deadline",
    {
      doing: "boot this node",
      on: `the phase ${phase}, ${op === undefined ? `after: ${last}` : `in: ${op}${more}`}`,
      found: `the real init was not started within ${seconds} s (statelite.deadline)`,
      remedy: "look at what that phase waits for, or raise statelite.deadline",
    },
    new DeadlineError(`${seconds} s`),
  );
}
