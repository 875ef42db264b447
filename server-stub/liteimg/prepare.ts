import { BootError, fatal, type Problem } from "../../agent/errors.ts";
import { withFileLock } from "../edit/lock.ts";
import { carryOut } from "./carry-out.ts";
import { checkRows, type SourceRow } from "./entries.ts";
import { mountPoints, refuseMounts } from "./mounts.ts";
import { formatOp, type Op } from "./ops.ts";
import { type ImagePlan, planImage } from "./plan.ts";
import { readRecord, writeRecord } from "./record.ts";
import { recover } from "./swap.ts";
import { ImageTree, pathProblem, UnusablePath } from "./tree.ts";

/**
 * What {@link prepareImage} would do now; reads only.
 *
 * @param root the image's root directory, without symlinks
 * @throws BootError with all illegal rows and unusable paths
 */
export async function planPreparation(root: string, rows: readonly SourceRow[]): Promise<ImagePlan> {
  const { entries, problems } = checkRows(rows);
  refuse(problems);
  const tree = new ImageTree(root);
  const plan = planImage(tree, entries, await readRecord(root));
  refuse([...plan.problems, ...mountProblems(tree, plan)]);
  return plan;
}

/**
 * Brings an image to what the rows want. Nothing is changed before all rows are found legal; where it is cut
 * off, the next run goes on from there. Of two runs for one image the second waits.
 *
 * @param done is called after each op
 * @throws BootError
 */
export async function prepareImage(
  root: string,
  rows: readonly SourceRow[],
  done: (op: Op) => void,
): Promise<void> {
  refuse(checkRows(rows).problems);
  await withFileLock(`${root}.liteimg.lock`, () => prepareAlone(root, rows, done));
}

async function prepareAlone(root: string, rows: readonly SourceRow[], done: (op: Op) => void): Promise<void> {
  const tree = new ImageTree(root);
  process.umask(0o022);
  endLastRun(tree); // Before the plan, which is made of what is there.
  const plan = await planPreparation(root, rows);
  const perform = (ops: readonly Op[]): void => {
    for (const op of ops) {
      carryOut(tree, op);
      done(op);
    }
  };
  perform(plan.putBack);
  await writeRecord(root, plan.record); // From here on the new record is the one to undo by.
  perform(plan.prepare);
}

/** What is mounted in the image is met before anything is changed, and not in the middle. */
function mountProblems(tree: ImageTree, { putBack, prepare }: ImagePlan): readonly Problem[] {
  const points = mountPoints();
  return [...putBack, ...prepare].flatMap((op): readonly Problem[] => {
    const removed = op.kind === "move" ? op.from : op.path;
    if (op.kind !== "move" && op.kind !== "remove" && op.kind !== "copy") return [];
    try {
      refuseMounts(tree.real(removed), points);
      return [];
    } catch (error) {
      if (!(error instanceof UnusablePath)) throw error;
      return [pathProblem(formatOp(op), error, "unmount it, and run liteimg again")];
    }
  });
}

function endLastRun(tree: ImageTree): void {
  try {
    recover(tree);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = "remove the cause and run liteimg again";
    throw fatal("liteimg", { doing: "end what the last run began", on: tree.root, found, remedy }, error);
  }
}

function refuse(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first !== undefined) throw new BootError([first, ...others]);
}
