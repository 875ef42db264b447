import { BootError, printable } from "../agent/errors.ts";
import packageJson from "../package.json" with { type: "json" };
import { type Command, UsageError } from "./cli/command.ts";
import { findCommand } from "./cli/common.ts";
import { completionCommand } from "./commands/completion.ts";
import { liteimg } from "./commands/liteimg.ts";
import { lslite } from "./commands/lslite.ts";
import { litefile, litetree } from "./commands/node-rows.ts";
import { noderange } from "./commands/noderange.ts";
import { nodeset } from "./commands/nodeset.ts";
import { serve } from "./commands/serve.ts";

/** In the order of the help. A command to be added is an entry here. */
const commands: readonly Command[] = [
  ...[serve, liteimg, nodeset, litefile, litetree, lslite, noderange],
  completionCommand(() => commands),
];

const width = Math.max(...commands.map((command) => command.name.length));
const help = `Usage: statelite-server COMMAND [OPTION]...
The management node's side of statelite.

${commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`).join("\n")}

statelite-server COMMAND --help says more. Exit status: 0, 1 for a problem, 2 for wrong usage.
`;

/** Runs one subcommand; what it throws becomes a message and an exit status here and nowhere else. */
async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`statelite-server ${packageJson.version}\n`);
    return 0;
  }
  const command = findCommand(commands, name);
  if (command === undefined) {
    process.stderr.write(
      name === undefined ? help : `statelite-server: no command ${printable(name)}\n${help}`,
    );
    return 2;
  }
  if (asksForHelp(rest)) {
    process.stdout.write(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`statelite-server ${command.name}: ${printable(error.message)}\n${command.help}`);
      return 2;
    }
    const text =
      error instanceof BootError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`statelite-server ${command.name}: ${text}\n`);
    return 1;
  }
}

/** After `--` nothing is an option. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).some((word) => word === "--help" || word === "-h");
}

// Whoever reads may leave (head, less): what is under way goes on to its end.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
// Where the log's reader has ended, or its disk is full, nodes are still to be answered; there is nobody to tell.
process.stderr.on("error", () => {});

// Not process.exit(): output that a pipe has not taken yet would be lost.
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
