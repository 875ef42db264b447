import { promises as fs } from "node:fs";
import { fatal } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { LAYOUT } from "../plan/layout.ts";
import { explainPath } from "../report/explanation.ts";
import { formatExplanation } from "../report/explanation-text.ts";
import { readDocument } from "../report/read.ts";
import type { PlanDocument } from "../report/schema.ts";
import { type ArgumentSpec, type Arguments, parseArguments, UsageError } from "./arguments.ts";
import { withProblems } from "./exit.ts";
import { openContext } from "./open-context.ts";
import { makeDocument, PLANNING_ARGUMENTS } from "./planning.ts";

const ARGUMENTS: ArgumentSpec = {
  ...PLANNING_ARGUMENTS,
  once: [...PLANNING_ARGUMENTS.once, "report"],
  positional: 1,
};

/**
 * Why one path holds what it holds: on a running node from the boot's report, elsewhere from tables and trees.
 *
 * @returns 0, or 1 where something is wrong with what covers the path
 */
export async function runExplain(words: readonly string[]): Promise<number> {
  const context = openContext((line) => console.error(line));
  try {
    return await withProblems(async () => {
      const args = parseArguments(words, ARGUMENTS);
      const [path] = args.positional;
      if (path === undefined) throw new UsageError("the path to explain is missing");
      if (!path.startsWith("/")) throw new UsageError(`${path} is relative, an absolute path was wanted`);
      const planned = args.value("tables") !== undefined || args.value("cmdline") !== undefined;
      const document = planned ? await makeDocument(args, context) : await reported(args);
      const explanation = explainPath(document, path);
      console.log(args.flag("json") ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation));
      return explanation.problems.some((problem) => problem.class !== "note") ? 1 : 0;
    });
  } finally {
    context.threads.close();
  }
}

/** The report of this node's boot, or of another's. @throws UsageError, BootError */
async function reported(args: Arguments): Promise<PlanDocument> {
  for (const name of [...PLANNING_ARGUMENTS.once, ...PLANNING_ARGUMENTS.many]) {
    if (args.values(name).length > 0) throw new UsageError(`--${name} needs --tables, too`);
  }
  const file = args.value("report") ?? LAYOUT.report;
  try {
    return readDocument(JSON.parse(await fs.readFile(file, "utf8")));
  } catch (error) {
    throw fatal("report-file", {
      doing: "read the report of a boot",
      on: file,
      found: errorReason(error),
      remedy:
        "run it on a node that this agent booted, give --report FILE, or plan from tables with --tables and --root",
    });
  }
}
