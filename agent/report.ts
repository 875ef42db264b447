import type { Problem } from "./errors.ts";
import { formatLocation } from "./plan/layout.ts";
import { formatOp, type Op } from "./plan/op.ts";
import type { Placed } from "./plan/place.ts";

/** What became of a boot, for programs: tests, a status page, `explain` (semantics section 9). */
export interface Report {
  /** Version of this shape; raised when a field changes its meaning or goes. */
  readonly schema: 1;
  readonly agent: string;
  readonly node?: string;
  /** `10.0.0.1:/install/compute/rootimg`. */
  readonly image?: string;
  readonly ok: boolean;
  readonly phases: readonly PhaseTime[];
  readonly entries: readonly ReportedEntry[];
  readonly ops: readonly ReportedOp[];
  readonly problems: readonly Problem[];
  readonly totals: Totals;
}

/** Milliseconds since kernel start. `end` is absent where the phase did not finish. */
export interface PhaseTime {
  readonly name: string;
  readonly start: number;
  readonly end?: number;
}

export interface ReportedEntry {
  readonly path: string;
  readonly options: string;
  /** `bind`, `link` or `inside parent`. */
  readonly placement: string;
  /** Where the content came from: names of candidates, in order. */
  readonly winners: readonly string[];
  /** Where it lies now. */
  readonly content: string;
  /** Everything that was looked at, in order, and why it was passed over. */
  readonly candidates: readonly {
    readonly name: string;
    readonly location: string;
    readonly passedOver?: string;
  }[];
}

export interface ReportedOp {
  /** What formatOp says, the line in `statelite.log`. */
  readonly op: string;
  readonly kind: Op["kind"];
  readonly row: { readonly options: string; readonly path: string };
  readonly bytes: number;
  readonly files: number;
  readonly milliseconds: number;
  /** Why it failed; absent where it did not. */
  readonly failed?: string;
}

export interface Totals {
  readonly entries: number;
  readonly ops: number;
  readonly bytes: number;
  readonly files: number;
  readonly problems: number;
  /** Peak resident memory of the agent in bytes (VmHWM). */
  readonly peakMemory?: number;
}

/** Gathers a report while the boot goes on. */
export class ReportBuilder {
  readonly #phases: PhaseTime[] = [];
  readonly #ops: ReportedOp[] = [];
  readonly #problems: Problem[] = [];
  #entries: readonly ReportedEntry[] = [];
  readonly #agent: string;
  #node: string | undefined;
  #image: string | undefined;

  constructor(agent: string) {
    this.#agent = agent;
  }

  identify(parts: { node?: string | undefined; image?: string | undefined }): void {
    this.#node = parts.node ?? this.#node;
    this.#image = parts.image ?? this.#image;
  }

  phaseBegins(name: string, start: number): void {
    this.#phases.push({ name, start });
  }

  phaseEnds(end: number): void {
    const last = this.#phases.pop();
    if (last !== undefined) this.#phases.push({ ...last, end });
  }

  placed(entries: readonly Placed[]): void {
    this.#entries = entries.map(reportedEntry);
  }

  op(op: Op, result: Omit<ReportedOp, "op" | "kind" | "row">): void {
    this.#ops.push({ op: formatOp(op), kind: op.kind, row: op.row, ...result });
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
      entries: this.#entries,
      ops: this.#ops,
      problems: this.#problems,
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

function reportedEntry(placed: Placed): ReportedEntry {
  return {
    path: placed.entry.path,
    options: placed.entry.row.options,
    placement: placed.placement,
    winners: placed.winners.map((winner) => winner.name),
    content: formatLocation(placed.content),
    candidates: placed.candidates.map(({ name, location, passedOver }) => ({
      name,
      location: formatLocation(location),
      ...(passedOver !== undefined && { passedOver }),
    })),
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
