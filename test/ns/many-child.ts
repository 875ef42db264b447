import { KernelThreads } from "../../agent/kernel/threads.ts";
import { look } from "../../agent/observe/look.ts";
import { peakMemory } from "../../agent/observe/memory.ts";
import { Root } from "../../agent/observe/root.ts";
import { survey } from "../../agent/observe/survey.ts";
import { sum } from "../../agent/plan/budget.ts";
import { LAYOUT } from "../../agent/plan/layout.ts";

/** Looks at the directory `many` of a root as the agent does, and prints what it saw and by how much it has grown. */

const [directory = ""] = process.argv.slice(2);
const threads = new KernelThreads(4);
const root = new Root(directory, threads.calls);
const before = peakMemory() ?? 0;
const from = { tree: "/", path: "/many" };
const seen = await look(root, [{ ...from, names: true, real: false }], 4);
const to = { tree: `${LAYOUT.persistent}/n01`, path: "/many" };
const row = { options: "persistent", path: "/many/" };
const op = { kind: "seed", from, to, row, follow: false, exclude: [], merge: false } as const;
const needs = await survey(root, [{ op }], { width: 16, enough: Number.POSITIVE_INFINITY });
const grown = (peakMemory() ?? 0) - before;
console.log(
  JSON.stringify({ names: seen.at(from)?.names?.length, inodes: sum(needs.values()).inodes, grown }),
);
await root.close();
threads.close();
