import type { Problem } from "../errors.ts";
import type { Source } from "../plan/candidate.ts";
import { formatOp, type Op } from "../plan/op.ts";
import type { Plan } from "../plan/plan.ts";
import { tellable } from "../problems.ts";
import { withoutSecrets } from "../secrets.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import { describeEntries, describeSource, winnersByRow } from "./entries.ts";
import type { PhaseTime, Report, ReportedEntry, ReportedOp, ReportedSource } from "./schema.ts";

/** Gathers a report while the boot goes on. */
export class ReportBuilder {
  readonly #phases: PhaseTime[] = [];
  readonly #ops: ReportedOp[] = [];
  readonly #problems: Problem[] = [];
  readonly #underWay = new Set<Op>();
  #sources: readonly ReportedSource[] = [];
  #entries: readonly ReportedEntry[] = [];
  #winners: ReadonlyMap<LitefileRow, readonly string[]> = new Map();
  readonly #agent: string;
  #node: string | undefined;
  #image: string | undefined;

  constructor(agent: string) {
    this.#agent = agent;
  }

  identify(parts: { node?: string | undefined; image?: string | undefined }): void {
    this.#node = parts.node ?? this.#node;
    this.#image = parts.image === undefined ? this.#image : withoutSecrets(parts.image);
  }

  phaseBegins(name: string, start: number): void {
    this.#phases.push({ name, start });
  }

  phaseEnds(end: number): void {
    const last = this.#phases.pop();
    if (last !== undefined) this.#phases.push({ ...last, end });
  }

  /** The phase that has begun and not ended. */
  get phase(): string | undefined {
    const last = this.#phases.at(-1);
    return last?.end === undefined ? last?.name : undefined;
  }

  planned(plan: Plan, sources: readonly Source[]): void {
    this.#sources = sources.map(describeSource);
    this.#entries = describeEntries(plan);
    this.#winners = winnersByRow(plan);
  }

  opBegins(op: Op): void {
    this.#underWay.add(op);
  }

  /** What was begun and has not ended, in the order in which it began. */
  get underWay(): readonly Op[] {
    return [...this.#underWay];
  }

  op(op: Op, result: Omit<ReportedOp, "op" | "kind" | "row" | "winners">): void {
    this.#underWay.delete(op);
    const winners = this.#winners.get(op.row) ?? [];
    this.#ops.push({ op: formatOp(op), kind: op.kind, row: op.row, winners, ...result });
  }

  problem(...problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** @param ok whether the boot went on to the real init */
  build(ok: boolean, peakMemory?: number): Report {
    return {
      schema: 1,
      agent: this.#agent,
      ...(this.#node !== undefined && { node: this.#node }),
      ...(this.#image !== undefined && { image: this.#image }),
      ok,
      phases: this.#phases,
      sources: this.#sources,
      entries: this.#entries,
      ops: this.#ops,
      problems: this.#problems.map(tellable),
      totals: {
        entries: this.#entries.length,
        ops: this.#ops.length,
        bytes: sum(this.#ops, (op) => op.bytes),
        files: sum(this.#ops, (op) => op.files),
        problems: this.#problems.length,
        ...(peakMemory !== undefined && { peakMemory }),
      },
    };
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
