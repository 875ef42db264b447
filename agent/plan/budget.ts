import type { Problem } from "../errors.ts";
import { LAYOUT } from "./layout.ts";
import { type Observed, resolved } from "./observation.ts";
import type { Op } from "./op.ts";
import { followsLink, type Placed } from "./place.ts";
import type { Plan } from "./plan.ts";

/** What copies take, added up before the first of them is made. */

/** What a copy takes, or so much of it that there is no room for the rest: never more than it really is. */
export interface Need {
  /** Bytes of content, holes not counted. */
  readonly bytes: number;
  /** Bytes of memory: whole pages for each file's content. */
  readonly pages: number;
  readonly inodes: number;
}

export const NOTHING: Need = { bytes: 0, pages: 0, inodes: 0 };

const PAGE = 4096;

/** A tmpfs inode and its name in the kernel's own memory (mm/shmem.c, fs/dcache.c), which its size does not count. */
const INODE = 1024;

/** The need of one inode with so many bytes of content. */
export function needOf(bytes: number): Need {
  return { bytes, pages: Math.ceil(bytes / PAGE) * PAGE, inodes: 1 };
}

/** What several take together. */
export function sum(needs: Iterable<Need>): Need {
  return [...needs].reduce(add, NOTHING);
}

export function add(a: Need, b: Need): Need {
  return { bytes: a.bytes + b.bytes, pages: a.pages + b.pages, inodes: a.inodes + b.inodes };
}

/** The memory that a need takes. */
export function memoryOf({ pages, inodes }: Need): number {
  return pages + inodes * INODE;
}

export type CopyOp = Extract<Op, { kind: "copy" | "seed" | "concatenate" }>;

/** An op that copies; `need` is absent where that is a directory, which has to be walked. */
export interface PlannedCopy {
  readonly op: CopyOp;
  readonly need?: Need;
}

/** The ops of a plan that copy something, with what is known of them already. */
export function copiesOf(plan: Plan): PlannedCopy[] {
  const placed = new Map(plan.placed.map((one) => [one.entry.row, one]));
  return plan.stages.flat().flatMap((op) => {
    if (op.kind !== "copy" && op.kind !== "seed" && op.kind !== "concatenate") return [];
    const need = knownNeed(placed.get(op.row));
    return [{ op, ...(need !== undefined && { need }) }];
  });
}

function knownNeed(placed: Placed | undefined): Need | undefined {
  if (placed === undefined) return undefined;
  const shown = placed.winners.map(({ observed }) => content(placed, observed));
  if (shown.some((one) => one === undefined || one.kind === "directory")) return undefined;
  return needOf(shown.reduce((sum, one) => sum + (one?.filled ?? one?.size ?? 0), 0));
}

function content(placed: Placed, observed: Observed | undefined): Observed | undefined {
  return observed && followsLink(placed) ? resolved(observed) : observed;
}

/** What there is for the copies; infinite where nothing limits it, or the kernel does not say. */
export interface Room {
  /** Of the tmpfs: bytes of content. */
  readonly bytes: number;
  /** Of the tmpfs. */
  readonly inodes: number;
  /** Bytes that the kernel can give without starving anybody. */
  readonly memory: number;
}

/** How many of the largest entries are named. */
const NAMED = 5;

/** A smaller part of the whole is none of them. */
const WORTH_NAMING = 100;

/** Whether an op takes memory: what is kept goes to a server or a disk. */
export function isVolatile(op: CopyOp): boolean {
  return op.to.tree === LAYOUT.tmpfs;
}

/** Why the copies cannot all be made, if so. */
export function budgetProblem(needs: ReadonlyMap<CopyOp, Need>, room: Room): Problem | undefined {
  const volatile = [...needs].filter(([op]) => isVolatile(op));
  const total = sum(volatile.map(([, need]) => need));
  const lack = whatLacks(total, room);
  if (lack === undefined) return undefined;
  const largest = volatile
    .filter(([, need]) => memoryOf(need) * WORTH_NAMING >= memoryOf(total))
    .sort(([, a], [, b]) => memoryOf(b) - memoryOf(a))
    .slice(0, NAMED)
    .map(([{ row }, need]) => `"${row.options}" ${row.path} with ${formatNeed(need)}`);
  return {
    class: "fatal",
    code: "tmpfs-budget",
    doing: "add up what is to be copied into memory",
    on: LAYOUT.tmpfs,
    found: `at least ${formatNeed(total)}, but ${lack}; the largest are ${largest.join(", ")}`,
    remedy:
      'give those directories the option "overlay" (or boot with statelite.tmpfs=overlay), have litefile list less, or give the node more memory; nothing was copied',
  };
}

function whatLacks(total: Need, room: Room): string | undefined {
  if (total.pages > room.bytes) return `the tmpfs has room for ${megabytes(room.bytes)}`;
  if (total.inodes > room.inodes) return `the tmpfs has room for ${room.inodes} files and directories`;
  return memoryOf(total) > room.memory ? `only ${megabytes(room.memory)} of memory are free` : undefined;
}

/** `12.3 MB in 456 files and directories`. */
function formatNeed(need: Need): string {
  return `${megabytes(memoryOf(need))} in ${need.inodes} ${need.inodes === 1 ? "file" : "files and directories"}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
