import { Limiter } from "../concurrency.ts";
import { errorReason } from "../kernel/errno.ts";
import type { Log } from "../log.ts";
import type { Root } from "../observe/root.ts";
import type { Op } from "../plan/op.ts";
import type { Plan } from "../plan/plan.ts";
import { inOwn, makeOwn, prepareJson, readJson } from "./files.ts";
import { fingerprint } from "./fingerprint.ts";

/** What a node's state was seeded from, kept beside it: `.statelite/seeds.json` in the same tree. */

const SEEDS = "seeds.json";

/** Entries that are looked at side by side. */
const WIDTH = 16;

/** One entry's seed. A fingerprint is absent where there is none. */
export interface Seed {
  /** Name of the candidate: `source 1 (10.0.0.1:/syncdirs)`, `default`. */
  readonly from: string;
  /** What it was seeded from, as it was then. */
  readonly source?: string;
  /** What it became. */
  readonly state?: string;
}

export type Seeds = ReadonlyMap<string, Seed>;

/** What is in a file that anybody could have written. */
export function parseSeeds(json: unknown): Seeds {
  const seeds = new Map<string, Seed>();
  if (typeof json !== "object" || json === null || !("seeds" in json)) return seeds;
  const { seeds: found } = json;
  if (typeof found !== "object" || found === null) return seeds;
  for (const [path, value] of Object.entries(found as Record<string, unknown>)) {
    if (typeof value !== "object" || value === null) continue;
    const { from, source, state } = value as Record<string, unknown>;
    if (typeof from !== "string") continue;
    seeds.set(path, {
      from,
      ...(typeof source === "string" && { source }),
      ...(typeof state === "string" && { state }),
    });
  }
  return seeds;
}

/** The seeds of a writable tree; none where there is no record. @throws SystemError */
export async function readSeeds(root: Root, tree: string): Promise<Seeds> {
  try {
    return await inOwn(root, tree, async (directory) => parseSeeds((await readJson(directory, SEEDS))?.json));
  } catch {
    return new Map(); // No record, or none that can be read: then nothing is known of any seed.
  }
}

/** Adds the seeds that a boot has made to the records of their trees. What cannot be recorded is a line in the log. */
export async function recordSeeds(
  root: Root,
  plan: Plan,
  failed: ReadonlySet<unknown>,
  log: Log,
): Promise<void> {
  const made = plan.stages.flat().filter((op) => op.kind === "seed" && !failed.has(op.row));
  const limiter = new Limiter(WIDTH);
  const winners = new Map(plan.placed.map(({ entry, winners: [winner] }) => [entry.row, winner?.name]));
  for (const [tree, ops] of Map.groupBy(made.filter(isSeed), (op) => op.to.tree)) {
    try {
      const seeds = new Map(await readSeeds(root, tree));
      await Promise.all(
        ops.map((op) =>
          limiter.run(async () => {
            const source = await fingerprint(root, op.from);
            // Around what was there already it is no longer what it was made from.
            const state = op.merge ? undefined : await fingerprint(root, op.to);
            seeds.set(op.to.path, {
              from: winners.get(op.row) ?? "",
              ...(source !== undefined && { source }),
              ...(state !== undefined && { state }),
            });
          }),
        ),
      );
      await makeOwn(root, tree);
      await inOwn(root, tree, async (directory) => {
        const prepared = await prepareJson(directory, SEEDS, {
          seeds: Object.fromEntries([...seeds].sort()),
        });
        await prepared.commit();
      });
    } catch (error) {
      log.say(`what was seeded could not be recorded in ${tree}: ${errorReason(error)}`);
    }
  }
}

function isSeed(op: Op): op is Extract<Op, { kind: "seed" }> {
  return op.kind === "seed";
}
