import { groupsOf } from "../../agent/rows/nodes.ts";
import { type TableSet, tableOf } from "../../agent/rows/table.ts";
import { type Command, defineCommand, UsageError } from "../cli/command.ts";
import { tablesOf } from "../cli/common.ts";
import { complete, type NameSource } from "../cli/complete.ts";
import type { Options } from "../cli/options.ts";
import { shellScripts } from "../cli/shells.ts";
import { readTables } from "../tables/open.ts";

/** More than this nobody looks through. */
const mostCandidates = 2000;

const shells = Object.keys(shellScripts);

const options = {
  for: {
    takes: "SHELL",
    completes: { kind: "words", words: shells },
    help: "print what the last of the WORDs after -- may become; the scripts ask so",
  },
} as const satisfies Options;

/** @param commands all of them, this one too */
export function completionCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: "completion",
    summary: "complete commands, nodes and images in a shell",
    about: `Prints a script that makes a shell complete statelite-server: its commands and options, and nodes, groups and
images from the tables that --tables, or STATELITE_TABLES of the environment, names.`,
    options,
    operands: [{ name: "WORD", optional: true, repeated: true, completes: { kind: "words", words: shells } }],
    notes: `statelite-server completion bash > /etc/bash_completion.d/statelite-server
statelite-server completion zsh > /usr/local/share/zsh/site-functions/_statelite-server
statelite-server completion fish > ~/.config/fish/completions/statelite-server.fish`,
    async run(values, words) {
      if (values.for !== undefined) {
        scriptFor(values.for); // Another shell is a mistake in the script.
        const { words: found, paths } = await complete(commands(), words, tableNames);
        const lines = [...found.slice(0, mostCandidates), ...(paths === undefined ? [] : [`:${paths}`])];
        process.stdout.write(lines.map((line) => `${line}\n`).join(""));
        return 0;
      }
      const [shell = "", surplus] = words;
      if (surplus !== undefined) throw new UsageError(`what is ${surplus}?`);
      process.stdout.write(scriptFor(shell));
      return 0;
    },
  });
}

function scriptFor(shell: string): string {
  const [, script] = Object.entries(shellScripts).find(([name]) => name === shell) ?? [];
  if (script === undefined) throw new UsageError(`name a shell: ${shells.join(", ")}`);
  return script;
}

const tableNames: NameSource = {
  nodes: (tables) => from(tables, nodesOf),
  groups: (tables) => from(tables, (set) => nodesOf(set).flatMap((node) => groupsOf(set, node))),
  images: (tables) => from(tables, (set) => column(set, "osimage", "imagename")),
};

function nodesOf(set: TableSet): readonly string[] {
  return column(set, "nodelist", "node");
}

function column(set: TableSet, name: string, of: string): readonly string[] {
  const table = tableOf(set, name);
  return table.rows.map((row) => table.cell(row, of));
}

/** Names that a shell takes as they are, each once. A mistake in the tables is not to be told in the middle of typing. */
async function from(
  tables: string | undefined,
  read: (set: TableSet) => readonly string[],
): Promise<readonly string[]> {
  try {
    const names = new Set(read(await readTables(tablesOf({ tables }), { line: () => {} })));
    return [...names].filter((name) => /^[\w.+-]+$/.test(name)).sort();
  } catch {
    return [];
  }
}
