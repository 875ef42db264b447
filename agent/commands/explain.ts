import { join } from "node:path";
import type { BootContext } from "../context.ts";
import { fatal, formatProblem } from "../errors.ts";
import { Root } from "../observe/root.ts";
import { lookAtTargets } from "../observe/targets.ts";
import { LAYOUT, normalPath } from "../plan/layout.ts";
import { type Explanation, explainPath } from "../report/explanation.ts";
import { formatExplanation } from "../report/explanation-text.ts";
import { toJson } from "../report/json.ts";
import type { PlanDocument } from "../report/schema.ts";
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

export const EXPLAIN_HELP = `usage: statelite-agent explain PATH [--root DIR] [--report FILE] [--json]
       statelite-agent explain PATH --root DIR --tables DIR --node NAME [OPTION]...

Why a path of a node holds what it holds: the row that decides it, where the content comes from, where else it
was looked for, what was done. A path inside a directory entry is answered by that entry.

  --root DIR               the node's root; / where not given
  --report FILE            the report of its boot; ${LAYOUT.report} of its root where not given

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
} as const;

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
  // Where it leads is a matter of the links on the node: nobody is told of another path than the one that is meant.
  if (path.split("/").includes("..")) throw new UsageError(`${path} has .., a path without it was wanted`);
  const context = openContext((line) => console.error(line));
  try {
    return await withProblems(async () => {
      const explanation = await explain(path, args, context);
      console.log(
        args.flag("json") ? toJson(explanation, 2) : formatExplanation(explanation, process.stdout.columns),
      );
      const isWell = explanation.problems.every((problem) => problem.class === "note");
      return isWell && explanation.covered !== "image" ? EXIT.well : EXIT.problem;
    });
  } finally {
    context.threads.close();
  }
}

/** From tables and trees, from the report in a root, or from that of some node whose root is not at hand. */
async function explain(path: string, args: Arguments, context: BootContext): Promise<Explanation> {
  if (args.value("tables") !== undefined || args.value("cmdline") !== undefined) {
    await using planning = await makeDocument(args, context);
    return explainPath(planning.document, path, await canonicalPath(planning.root, path));
  }
  for (const name of [...PLANNING_ARGUMENTS.once, ...PLANNING_ARGUMENTS.many]) {
    if (name !== "root" && args.values(name).length > 0)
      throw new UsageError(`--${name} needs --tables, too`);
  }
  const [file, top] = [args.value("report"), args.value("root")];
  if (file !== undefined && top === undefined) return explainPath(await readReport(file), path);
  const report = await readReport(file ?? join(top ?? "/", LAYOUT.report));
  const root = new Root(top ?? "/", context.threads.calls);
  try {
    return explainPath(report, path, await canonicalPath(root, path));
  } finally {
    await root.close();
  }
}

/** @throws BootError also where the boot never had a plan: then its report answers nothing */
async function readReport(path: string): Promise<PlanDocument> {
  const document = await readDocumentFile(path, REPORT);
  if (document.entries.length > 0) return document;
  const [first] = document.problems.filter((problem) => problem.class === "fatal");
  throw fatal("report-unplanned", {
    doing: REPORT.doing,
    on: path,
    found: "it has no entries: the boot ended before there was a plan",
    remedy: `mend what ended it${first === undefined ? "" : `: ${formatProblem(first)}`}`,
  });
}

async function canonicalPath(root: Root, asked: string): Promise<string> {
  const path = normalPath(asked);
  return path === "/" ? path : ((await lookAtTargets(root, [path])).get(path)?.canonical ?? path);
}
