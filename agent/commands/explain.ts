import type { BootContext } from "../context.ts";
import { Root } from "../observe/root.ts";
import { lookAtTargets } from "../observe/targets.ts";
import { LAYOUT, normalPath } from "../plan/layout.ts";
import { type Explanation, explainPath } from "../report/explanation.ts";
import { formatExplanation } from "../report/explanation-text.ts";
import { type ArgumentSpec, type Arguments, parseArguments, UsageError } from "./arguments.ts";
import { readDocumentFile } from "./document-file.ts";
import { EXIT, withProblems } from "./exit.ts";
import { openContext } from "./open-context.ts";
import { makeDocument, PLANNING_ARGUMENTS, PLANNING_HELP } from "./planning.ts";

const ARGUMENTS: ArgumentSpec = {
  ...PLANNING_ARGUMENTS,
  once: [...PLANNING_ARGUMENTS.once, "report"],
  positional: 1,
};

export const EXPLAIN_HELP = `usage: statelite-agent explain PATH [--report FILE] [--json]
       statelite-agent explain PATH --root DIR --tables DIR --node NAME [OPTION]...

Why a path of a node holds what it holds: the row that decides it, where the content comes from, where else it
was looked for, what was done. A path inside a directory entry is answered by that entry.

  --report FILE            the report of a boot; ${LAYOUT.report} of this node where not given

Or before a node boots, as plan is told:
${PLANNING_HELP}
  --json                   the same for programs

Exit status: 0 an entry decides it, 1 something is wrong with that entry or no entry covers the path,
2 the arguments are not understood.
`;

const REPORT = {
  code: "report-file",
  doing: "read the report of a boot",
  remedy:
    "run it on a node that this agent booted, give --report FILE, or plan from tables with --tables and --root",
};

/**
 * Why one path holds what it holds: on a running node from the boot's report, elsewhere from tables and trees.
 *
 * @returns 0, or 1 where something is wrong with what covers the path, or nothing does
 */
export async function runExplain(words: readonly string[]): Promise<number> {
  const args = parseArguments(words, ARGUMENTS);
  const [path] = args.positional;
  if (path === undefined) throw new UsageError("the path to explain is missing");
  if (!path.startsWith("/")) throw new UsageError(`${path} is relative, an absolute path was wanted`);
  const context = openContext((line) => console.error(line));
  try {
    return await withProblems(async () => {
      const explanation = await explain(path, args, context);
      console.log(
        args.flag("json")
          ? JSON.stringify(explanation, null, 2)
          : formatExplanation(explanation, process.stdout.columns),
      );
      const isWell = explanation.problems.every((problem) => problem.class === "note");
      return isWell && explanation.covered !== "image" ? EXIT.well : EXIT.problem;
    });
  } finally {
    context.threads.close();
  }
}

/** From tables and trees, from this node's report, or from that of some node whose root is not at hand. */
async function explain(path: string, args: Arguments, context: BootContext): Promise<Explanation> {
  if (args.value("tables") !== undefined || args.value("cmdline") !== undefined) {
    await using planning = await makeDocument(args, context);
    return explainPath(planning.document, path, await canonicalPath(planning.root, path));
  }
  for (const name of [...PLANNING_ARGUMENTS.once, ...PLANNING_ARGUMENTS.many]) {
    if (args.values(name).length > 0) throw new UsageError(`--${name} needs --tables, too`);
  }
  const file = args.value("report");
  if (file !== undefined) return explainPath(await readDocumentFile(file, REPORT), path);
  const report = await readDocumentFile(LAYOUT.report, REPORT);
  const root = new Root("/", context.threads.calls);
  try {
    return explainPath(report, path, await canonicalPath(root, path));
  } finally {
    await root.close();
  }
}

async function canonicalPath(root: Root, asked: string): Promise<string> {
  const path = normalPath(asked);
  return path === "/" ? path : ((await lookAtTargets(root, [path])).get(path)?.canonical ?? path);
}
