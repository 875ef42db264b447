import { Limiter } from "../concurrency.ts";
import { O } from "../kernel/constants.ts";
import { namesOf } from "../observe/reader.ts";
import { fdPath, type Root } from "../observe/root.ts";
import { type Containers, SEED_PREFIX, wholeMark } from "../plan/kept.ts";
import { joinPath, type Location } from "../plan/layout.ts";
import { PathIndex } from "../plan/nesting.ts";
import { type Placed, wasKept } from "../plan/place.ts";
import type { Plan } from "../plan/plan.ts";
import { readSeeds, type Seeds } from "./seeds.ts";

/** Directories that are looked at side by side. */
const WIDTH = 16;

/**
 * Directories that an earlier boot has made on the way to what it kept, for a table that listed only that: `/var`, where
 * `/var/lib/ntp/` was persistent and now all of `/var/` is. The record of seeds tells them from those that were seeded
 * themselves; without one a directory that is there counts as all of its entry.
 */
export async function findContainers(root: Root, plan: Plan): Promise<Containers> {
  const paths = plan.placed.map(({ entry }) => entry.path);
  const containers = new Map<string, readonly string[]>();
  const limiter = new Limiter(WIDTH);
  for (const [tree, placed] of Map.groupBy(
    plan.placed.filter(isDirectoryKept),
    ({ content }) => content.tree,
  )) {
    const seeds = await readSeeds(root, tree);
    const recorded = new PathIndex(seeds.keys());
    const known = new PathIndex([...seeds.keys(), ...paths]);
    await Promise.all(
      placed.map((one) =>
        limiter.run(async () => {
          const location = { tree, path: one.entry.path };
          if (!recorded.hasBelow(location.path)) return;
          if (!one.merge && (await isWhole(root, location, seeds))) return;
          const { kept, more } = await keptIn(root, location, known);
          if (one.merge || !more) containers.set(location.path, kept);
        }),
      ),
    );
  }
  return containers;
}

/** It is there, as it is or to be seeded around. */
function isDirectoryKept(placed: Placed): boolean {
  if (placed.merge) return true;
  return wasKept(placed) && placed.winners[0]?.observed?.kind === "directory";
}

/** Whether it was seeded itself, or seen as a whole. */
async function isWhole(root: Root, location: Location, seeds: Seeds): Promise<boolean> {
  if (seeds.has(location.path)) return true;
  try {
    return await root.with(wholeMark(location), O.NOFOLLOW, () => Promise.resolve(true));
  } catch {
    return false; // Never marked, or not to be looked at: what it holds decides.
  }
}

interface KeptIn {
  /** Paths that are known, the outermost ones. */
  readonly kept: readonly string[];
  /** There is something, too, that leads to none. */
  readonly more: boolean;
}

/** What a directory holds. Only what leads to a path that is known is gone into. */
async function keptIn(root: Root, { tree, path }: Location, known: PathIndex): Promise<KeptIn> {
  const kept: string[] = [];
  const ways: string[] = [];
  let more = false;
  try {
    await eachName(root, { tree, path }, (name) => {
      const below = joinPath(path, name);
      if (known.has(below)) kept.push(below);
      else if (known.hasBelow(below)) ways.push(below);
      else more ||= !name.startsWith(SEED_PREFIX);
    });
  } catch {
    more = true; // Not a directory, or not to be looked at: then it is left as it is.
  }
  for (const way of ways) {
    const inside = await keptIn(root, { tree, path: way }, known);
    kept.push(...inside.kept);
    more ||= inside.more;
  }
  return { kept, more };
}

async function eachName(root: Root, location: Location, see: (name: string) => void): Promise<void> {
  await root.reading(location, O.DIRECTORY | O.NOFOLLOW, async (fd, reader) => {
    const directory = await reader.openDirectory({ path: Buffer.from(fdPath(fd, ".")), follow: true });
    try {
      for await (const names of namesOf(reader, directory)) for (const name of names) see(name.toString());
    } finally {
      await directory.close();
    }
  });
}
