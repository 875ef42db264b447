import { APPLY_HELP, runApply } from "./commands/apply.ts";
import { UsageError } from "./commands/arguments.ts";
import { EXPLAIN_HELP, runExplain } from "./commands/explain.ts";
import { INIT_HELP, runInit } from "./commands/init.ts";
import { PLAN_HELP, runPlan } from "./commands/plan.ts";
import { printable } from "./errors.ts";
import { VERSION } from "./version.ts";

const HELP = `usage: statelite-agent COMMAND [ARGUMENT]...

statelite-agent ${VERSION} boots a diskless node from its tables.

  init       the first process of an initrd: boot as /proc/cmdline says
  apply      prepare a root that is mounted already: ask for the tables, place every entry, verify
  plan       what a boot of a node would do; with --diff what has changed since an earlier plan
  explain    why a path of a node holds what it holds

statelite-agent COMMAND --help tells more; statelite-agent --version the version.
`;

interface Command {
  readonly help: string;
  /** @returns the exit status */
  run(args: readonly string[]): Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  init: { help: INIT_HELP, run: runInit },
  apply: { help: APPLY_HELP, run: runApply },
  plan: { help: PLAN_HELP, run: runPlan },
  explain: { help: EXPLAIN_HELP, run: runExplain },
};

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  if (["--help", "-h", "help"].includes(name)) return print(HELP);
  if (name === "--version") return print(VERSION);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (command === undefined)
      throw new UsageError(name === "" ? "a command is missing" : `there is no command ${name}`);
    if (asksForHelp(rest)) return print(command.help);
    return await command.run(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(printable(`statelite-agent: ${error.message}`));
    console.error(`statelite-agent ${command === undefined ? "" : `${name} `}--help tells what there is`);
    return 2;
  }
}

/** After `--` nothing is an option. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((word) => word === "--help" || word === "-h");
}

process.exitCode = await main(process.argv.slice(2));
