import type { Problem } from "../errors.ts";
import { normalPath } from "../plan/layout.ts";
import { formatOp, type Op } from "../plan/op.ts";
import type { Plan } from "../plan/plan.ts";
import { VERSION } from "../version.ts";
import { describeEntries } from "./entries.ts";
import type { PlanDocument, PlannedOp, ReportedEntry } from "./schema.ts";

/** Whose plan it is. */
export interface PlanSubject {
  readonly node?: string;
  readonly image?: string;
  /** Where the row of a path stands in the tables. */
  readonly origins?: ReadonlyMap<string, string>;
}

/** A plan as data: what `plan --json` prints, `plan --diff` compares and `explain` reads. */
export function describePlan(plan: Plan, subject: PlanSubject, problems: readonly Problem[]): PlanDocument {
  const { node, image, origins } = subject;
  const rows = new Map([...plan.placed, ...plan.refused].map(({ entry }) => [entry.path, entry.row]));
  return {
    schema: 1,
    agent: VERSION,
    ...(node !== undefined && { node }),
    ...(image !== undefined && { image }),
    entries: describeEntries(plan).map((entry) => {
      const origin = origins?.get(rows.get(entry.path)?.path ?? entry.path);
      return origin === undefined ? entry : { ...entry, origin };
    }),
    ops: [...plan.stages.flat(), ...plan.binds].map(describeOp),
    problems,
  };
}

function describeOp(op: Op): PlanDocument["ops"][number] {
  return { op: formatOp(op), kind: op.kind, row: op.row };
}

/** What is done, without the remark that repeats the row. */
export function operationOf({ op }: PlannedOp): string {
  const remark = op.lastIndexOf("  # ");
  return remark < 0 ? op : op.slice(0, remark);
}

/** What is done for one entry, in order. */
export function operationsFor({ path }: ReportedEntry, ops: readonly PlannedOp[]): string[] {
  return ops.filter(({ row }) => normalPath(row.path) === path).map(operationOf);
}
