import { runApply } from "./commands/apply.ts";
import { UsageError } from "./commands/arguments.ts";
import { runExplain } from "./commands/explain.ts";
import { runInit } from "./commands/init.ts";
import { runPlan } from "./commands/plan.ts";
import { printable } from "./errors.ts";
import { VERSION } from "./version.ts";

const HELP = `statelite-agent ${VERSION}: boots a diskless node from its tables

  statelite-agent init
      the first process of an initrd: boot as /proc/cmdline says
  statelite-agent apply --root DIR --cmdline STRING [--ca FILE]
                        [--source SERVER:/DIR=LOCALDIR]... [--state LOCALDIR] [--localdisk LOCALDIR]
      prepare a root that is mounted already: ask for the tables, place every entry, verify
  statelite-agent plan --root DIR --tables DIR --node NAME [--image NAME]
                       [--source SERVER:/DIR=LOCALDIR]... [--state LOCALDIR] [--localdisk LOCALDIR]
                       [--json] [--diff OLD.json]
      what a boot of that node would do, from a folder of CSV tables; nothing is mounted or changed.
      --diff: what has changed since an earlier plan --json. Instead of --tables and --node, --cmdline
      STRING [--ca FILE] asks the server, as the node that this is
  statelite-agent explain PATH [--report FILE] [--json]
      why a path holds what it holds, from the report of this node's boot;
      with --root, --tables and the other arguments of plan: from tables
  statelite-agent --version | --help

Exit status: 0 done, 1 a problem (plan --diff: something differs), 2 the arguments are not understood.
`;

type Command = (args: readonly string[]) => Promise<number>;

/** Every subcommand by name; each gives back the exit status. */
const COMMANDS: Readonly<Record<string, Command>> = {
  init: runInit,
  apply: runApply,
  plan: runPlan,
  explain: runExplain,
  "--version": () => print(VERSION),
  "--help": () => print(HELP.trimEnd()),
  "-h": () => print(HELP.trimEnd()),
};

function print(text: string): Promise<number> {
  console.log(text);
  return Promise.resolve(0);
}

async function main(args: readonly string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const command = COMMANDS[name];
  try {
    if (command === undefined)
      throw new UsageError(name === "" ? "a command is missing" : `there is no command ${name}`);
    return await command(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(printable(`statelite-agent: ${error.message}`));
    console.error("statelite-agent --help tells what there is");
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
