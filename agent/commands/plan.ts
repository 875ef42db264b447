import { promises as fs } from "node:fs";
import { fatal, printable } from "../errors.ts";
import { errorReason } from "../kernel/errno.ts";
import { compareDocuments, type Difference } from "../report/difference.ts";
import { formatDifference } from "../report/difference-text.ts";
import { formatPlan } from "../report/plan-text.ts";
import { readDocument } from "../report/read.ts";
import type { PlanDocument } from "../report/schema.ts";
import { type ArgumentSpec, parseArguments } from "./arguments.ts";
import { withProblems } from "./exit.ts";
import { openContext } from "./open-context.ts";
import { makeDocument, PLANNING_ARGUMENTS } from "./planning.ts";

const ARGUMENTS: ArgumentSpec = { ...PLANNING_ARGUMENTS, once: [...PLANNING_ARGUMENTS.once, "diff"] };

/**
 * What a boot would do: every entry, where its content would come from, every op, every problem.
 *
 * @returns 0, or 1 where there are problems; with `--diff` 1 where something differs
 */
export async function runPlan(words: readonly string[]): Promise<number> {
  const context = openContext((line) => console.error(line));
  try {
    return await withProblems(async () => {
      const args = parseArguments(words, ARGUMENTS);
      const file = args.value("diff");
      const old = file === undefined ? undefined : await oldPlan(file);
      const document = await makeDocument(args, context);
      if (old === undefined) return show(document, args.flag("json"));
      return showDifference(compareDocuments(old, document), args.flag("json"));
    });
  } finally {
    context.threads.close();
  }
}

function show(document: PlanDocument, json: boolean): number {
  console.log(json ? JSON.stringify(document, null, 2) : formatPlan(document));
  return document.problems.some((problem) => problem.class !== "note") ? 1 : 0;
}

function showDifference(difference: Difference, json: boolean): number {
  console.log(json ? JSON.stringify(difference, null, 2) : formatDifference(difference));
  return Object.values(difference).every((items) => items.length === 0) ? 0 : 1;
}

/** The output of an earlier `plan --json`. @throws BootError */
async function oldPlan(file: string): Promise<PlanDocument> {
  try {
    return readDocument(JSON.parse(await fs.readFile(file, "utf8")));
  } catch (error) {
    const remedy = "give a file that plan --json of this version wrote";
    throw fatal("plan-file", {
      doing: "read an earlier plan",
      on: printable(file),
      found: errorReason(error),
      remedy,
    });
  }
}
