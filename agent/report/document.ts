import type { Problem } from "../errors.ts";
import { normalPath } from "../plan/layout.ts";
import { formatOp } from "../plan/op.ts";
import type { Plan } from "../plan/plan.ts";
import type { RowOrigin } from "../rows/rows.ts";
import { VERSION } from "../version.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import { describeEntries, winnersByRow } from "./entries.ts";
import type { PlanDocument, PlannedOp, ReportedEntry, ReportedSource } from "./schema.ts";

/** Whose plan it is, and what it was made from. */
export interface PlanSubject {
  readonly node?: string;
  readonly image?: string;
  readonly sources: readonly ReportedSource[];
  /** Where rows stand in the tables. */
  readonly origins: ReadonlyMap<LitefileRow, RowOrigin>;
}

/** A plan as data: what `plan --json` prints, `plan --diff` compares and `explain` reads. */
export function describePlan(plan: Plan, subject: PlanSubject, problems: readonly Problem[]): PlanDocument {
  const { node, image, sources, origins } = subject;
  const rows = new Map([...plan.placed, ...plan.refused].map(({ entry }) => [entry.path, entry.row]));
  const winners = winnersByRow(plan);
  return {
    schema: 1,
    agent: VERSION,
    ...(node !== undefined && { node }),
    ...(image !== undefined && { image }),
    sources,
    entries: describeEntries(plan).map((entry) => {
      const row = rows.get(entry.path);
      const origin = row && origins.get(row);
      return origin === undefined ? entry : { ...entry, origin };
    }),
    ops: [...plan.stages.flat(), ...plan.binds].map((op) => ({
      ...{ op: formatOp(op), kind: op.kind, row: op.row },
      winners: winners.get(op.row) ?? [],
    })),
    problems,
  };
}

/** What is done, without the remark that repeats the row. */
export function operationOf({ op, row }: PlannedOp): string {
  const remark = `  # ${row.options} ${row.path}`;
  return op.endsWith(remark) ? op.slice(0, -remark.length) : op;
}

/** What is done for one entry, in order. */
export function operationsFor({ path }: ReportedEntry, ops: readonly PlannedOp[]): string[] {
  return ops.filter(({ row }) => normalPath(row.path) === path).map(operationOf);
}
