import type { RowChange, TableEditor } from "../edit/editor.ts";
import type { ServerLog } from "../log.ts";
import { formatStatusTime } from "./status.ts";

/** Each write makes the readers of the tables look again: at least four fifths of the time are free of that. */
const restPerWrite = 4;
const leastRestMilliseconds = 100;
/** A message names no more nodes than that. */
const named = 10;

/**
 * Takes statuses of nodes as they come, and writes those together that come while others are written: thousands of
 * nodes that boot at once are a few writes. Of one node only the newest is kept. They go to `nodelist.status` and
 * `nodelist.statustime`.
 */
export class StatusRecorder {
  readonly #tables: TableEditor;
  readonly #log: ServerLog;
  #waiting = new Map<string, RowChange>();
  /** The write that takes what is waiting; absent while nothing is. */
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #rest = Promise.withResolvers<void>();
  #closing = false;

  constructor(tables: TableEditor, log: ServerLog) {
    this.#tables = tables;
    this.#log = log;
    this.#rest.resolve();
  }

  /** Resolves when it is written, or when it could not be, which is in the log. Never rejects. */
  record(node: string, status: string): Promise<void> {
    this.#log.line(`monitor: ${node}: ${status}`);
    this.#waiting.set(node, { status, statustime: formatStatusTime(new Date()) });
    this.#next ??= this.#last = this.#last.then(() => this.#rest.promise).then(() => this.#write());
    return this.#next;
  }

  /** Writes what is waiting, at once. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#rest.resolve();
    await this.#last;
  }

  async #write(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = new Map();
    this.#next = undefined;
    const began = performance.now();
    try {
      await this.#tables.edit({ table: "nodelist", key: "node", rows, missing: "leave" });
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      const where = this.#tables.describe("nodelist");
      this.#log.line(`monitor: ${where}: ${found}; not recorded: ${summary(rows)}`);
    }
    if (this.#closing) return;
    this.#rest = Promise.withResolvers();
    const rest = Math.max(leastRestMilliseconds, restPerWrite * (performance.now() - began));
    setTimeout(this.#rest.resolve, rest).unref();
  }
}

function summary(rows: ReadonlyMap<string, RowChange>): string {
  const shown = [...rows].slice(0, named).map(([node, { status }]) => `${node} ${status}`);
  const more = rows.size - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
