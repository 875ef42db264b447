import type { Settings } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";
import type { Root } from "../observe/root.ts";
import { rowProblem } from "../plan/entry.ts";
import { isBelow } from "../plan/layout.ts";
import { type Placed, wasKept } from "../plan/place.ts";
import type { Plan } from "../plan/plan.ts";
import { fingerprint } from "./fingerprint.ts";
import { readSeeds, type Seed } from "./seeds.ts";

/** What is known of state whose origin is another one today. */
export interface Reseeding {
  /** Paths of entries that are to be seeded again: nothing of theirs was changed on the node. */
  readonly replace: ReadonlySet<string>;
  /** Notes. */
  readonly problems: readonly Problem[];
}

/**
 * Compares what the state was seeded from with what it would be seeded from now (`statelite.reseed`). An entry with
 * others inside it is never replaced: what is kept for those lies in it.
 */
export async function findReseeding(
  root: Root,
  plan: Plan,
  reseed: Exclude<Settings["reseed"], "keep">,
): Promise<Reseeding> {
  const replace = new Set<string>();
  const problems: Problem[] = [];
  for (const [tree, kept] of Map.groupBy(plan.placed.filter(wasKept), ({ content }) => content.tree)) {
    const seeds = await readSeeds(root, tree);
    for (const placed of kept) {
      const seed = seeds.get(placed.content.path);
      const now = freshCandidate(placed);
      if (seed?.source === undefined || now === undefined) continue;
      const source = await fingerprint(root, now.location);
      if (source === undefined || (source === seed.source && now.name === seed.from)) continue;
      const why =
        reseed === "report"
          ? "statelite.reseed=report"
          : plan.placed.some(({ entry }) => isBelow(entry.path, placed.entry.path))
            ? "other entries lie in it"
            : (await fingerprint(root, placed.content)) !== seed.state || seed.state === undefined
              ? "it was changed on the node"
              : undefined;
      if (why === undefined) replace.add(placed.entry.path);
      else problems.push(changed(placed, seed, now.name, why));
    }
  }
  return { replace, problems };
}

/** What would win were there no state: the search goes on behind the state, which is the first. */
function freshCandidate({ candidates, winners }: Placed) {
  return candidates.find((candidate) => candidate !== winners[0] && candidate.passedOver === undefined);
}

function changed({ entry }: Placed, seed: Seed, now: string, why: string): Problem {
  const origin = seed.from === now ? `${now} has changed since` : `it would come from ${now} now`;
  const found = `it was seeded from ${seed.from}, and ${origin}; the state is kept: ${why}`;
  const remedy = "move it away in the node's state to have it seeded again; else nothing has to be done";
  return { ...rowProblem(entry.row, "seed-changed", found, remedy), class: "note" };
}
