import { formatOp, type Op } from "../plan/op.ts";
import { type Done, type Effects, NOTHING_DONE } from "./effects.ts";

/** Effects that only remember what they were told: dry runs and tests. */
export class Recorder implements Effects {
  readonly ops: Op[] = [];

  run(op: Op): Promise<Done> {
    this.ops.push(op);
    return Promise.resolve(NOTHING_DONE);
  }

  /** One line an op, in order. */
  get lines(): string[] {
    return this.ops.map(formatOp);
  }
}
