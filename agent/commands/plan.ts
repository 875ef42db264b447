import { compareDocuments, type Difference } from "../report/difference.ts";
import { formatDifference } from "../report/difference-text.ts";
import { toJson } from "../report/json.ts";
import { formatPlan } from "../report/plan-text.ts";
import type { PlanDocument } from "../report/schema.ts";
import { type ArgumentSpec, parseArguments } from "./arguments.ts";
import { readDocumentFile } from "./document-file.ts";
import { EXIT, withProblems } from "./exit.ts";
import { openContext } from "./open-context.ts";
import { makeDocument, PLANNING_ARGUMENTS, PLANNING_HELP } from "./planning.ts";

const ARGUMENTS: ArgumentSpec = { ...PLANNING_ARGUMENTS, once: [...PLANNING_ARGUMENTS.once, "diff"] };

export const PLAN_HELP = `usage: statelite-agent plan --root DIR --tables DIR --node NAME [OPTION]...
       statelite-agent plan --root DIR --cmdline STRING [OPTION]...

Shows what a boot of a node would do, and mounts and changes nothing: each entry with the places where its
content was looked for, in order, the one that wins (>), what is done for it, and everything that is wrong.

${PLANNING_HELP}
  --json                   the same for programs: agent/report/plan.schema.json
  --diff OLD.json          only what has changed since an earlier plan --json: entries, problems

Exit status: 0 no problem, 1 a problem, 2 the arguments are not understood. Notes are no problems.
With --diff, as diff(1): 0 nothing differs, 1 something differs, 2 trouble.
`;

const OLD_PLAN = {
  code: "plan-file",
  doing: "read an earlier plan",
  remedy: "give a file that plan --json of this version wrote",
} as const;

/**
 * What a boot would do: every entry, where its content would come from, every op, every problem.
 *
 * @returns 0, or 1 where there are problems; with `--diff` 1 where something differs, 2 where there is nothing to compare
 */
export async function runPlan(words: readonly string[]): Promise<number> {
  const args = parseArguments(words, ARGUMENTS);
  const file = args.value("diff");
  const context = openContext((line) => console.error(line));
  const run = async () => {
    const old = file === undefined ? undefined : await readDocumentFile(file, OLD_PLAN);
    await using planning = await makeDocument(args, context);
    const { document } = planning;
    if (old === undefined) return show(document, args.flag("json"));
    return showDifference(compareDocuments(old, document), args.flag("json"));
  };
  try {
    return await withProblems(run, file === undefined ? EXIT.problem : EXIT.usage);
  } finally {
    context.threads.close();
  }
}

function show(document: PlanDocument, json: boolean): number {
  console.log(json ? toJson(document, 2) : formatPlan(document, process.stdout.columns));
  return document.problems.some((problem) => problem.class !== "note") ? EXIT.problem : EXIT.well;
}

function showDifference(difference: Difference, json: boolean): number {
  console.log(json ? toJson(difference, 2) : formatDifference(difference, process.stdout.columns));
  return Object.values(difference).every((items) => items.length === 0) ? EXIT.well : EXIT.problem;
}
