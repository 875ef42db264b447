import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Case, cases, printCase } from "../agent/plan/cases.ts";
import { givenBy } from "../agent/plan/given.ts";
import { build, type Directory, type Inode, see } from "../agent/plan/memory.ts";
import { judge } from "../agent/plan/oracle.ts";
import type { Tree as MemoryTree } from "../agent/plan/world.ts";
import { run } from "./inventory.ts";
import { makeNode, type Node, problemLines } from "./node.ts";
import type { Item, Tree } from "./trees.ts";

/** The oracle of the plan tests against real boots: real liteimg, real mounts, and a shell on the node that looks. */

const CASES = 60;
const seed = Number(process.env["STATELITE_SEED"] ?? Date.now() % 2 ** 31);

/** What a shell on the node says of a path and what is below it, in the words of `see`. */
const LOOK = `look() {
  if [ ! -e "$1" ]; then echo "$1 nothing"; return; fi
  find -H "$1" | sort | while IFS= read -r f; do
    if [ "$f" != "$1" ] && [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; continue; fi
    if e=$(touch -c "$f" 2>&1); then w=writable; else w=read-only; fi
    if [ -d "$f" ]; then echo "$f $w directory"; else echo "$f $w file [$(cat "$f")]"; fi
  done
}`;

function accordingToOracle(some: Case): string[] {
  const given = givenBy(some);
  const { problems, winners, root } = judge(given);
  const seen = [...winners].flatMap(([path, from]) => [
    `${path} from ${from}`,
    ...see(root, path).map(plainly),
  ]);
  return [...problems, ...seen, ...kept(given.state)].sort();
}

/** As the shell says it: who keeps a file is looked up on the host. */
function plainly(line: string): string {
  return line
    .replace(/ (volatile|state|disk) (file|directory)/, " writable $2")
    .replace(/ \S+ -> /, " -> ")
    .replace(/ file (".*")$/, (_, text: string) => ` file [${String(JSON.parse(text)).replace(/\n$/, "")}]`)
    .replaceAll("mnt/s/", "mnt/mn/source");
}

function kept(tree: Directory | undefined): string[] {
  if (tree === undefined) return [];
  return see(tree, "").map((line) => `state: ${plainly(line).replace(" writable", "")}`);
}

function accordingToNode(node: Node): string[] {
  const placed = (node.plan?.placed ?? []).filter(({ entry }) => entry.path !== "/etc/mtab");
  const winners = placed.map(({ entry, winners }) => {
    return `${entry.path} from ${winners.map((winner) => winner.name.replace(/ \(.*/, "")).join(" + ")}`;
  });
  const script = placed.map(({ entry }) => `look "${entry.path}"`).join("\n");
  const seen = placed.length === 0 ? [] : node.shell(`${LOOK}\n${script}`).split(/\n(?=\/)/);
  const problems = problemLines(node.problems).filter((problem) => !problem.startsWith("source-mount"));
  return [...problems, ...winners, ...seen];
}

/** What lies in the state area afterwards, seen from the host. */
function onHost(directory: string): string[] {
  const lines = run("/usr/bin/find", [
    directory,
    "-type",
    "d",
    "-printf",
    "/%P directory\\n",
    "-o",
    "-type",
    "l",
    "-printf",
    "/%P -> %l\\n",
  ]);
  const files = run("/bin/sh", [
    "-c",
    'cd "$1" && find . -type f | while IFS= read -r f; do echo "$f file [$(cat "$f")]"; done',
    "sh",
    directory,
  ]);
  return (
    `${lines}${files.replace(/^\./gm, "")}`
      .split("\n")
      .filter(Boolean)
      // What the agent remembers is beside all entries.
      .filter((line) => !line.startsWith("/.statelite"))
      .map((line) => `state: ${line.replace(/^\/ /, " ")}`)
  );
}

async function boot(some: Case): Promise<string[]> {
  const line = ({ options, path }: { options: string; path: string }) => `${options} ${path}`;
  const sources = some.sources.map((tree) => asTree(tree));
  await using node = await makeNode({
    litefile: some.litefile.map(line),
    late: some.late.map(line),
    image: asTree(some.image),
    sources,
    litetree: sources.map((_, n) => ({
      row: `mn:/source${n + 1}`,
      ...(!some.unavailable.includes(n) && { source: n + 1 }),
    })),
    ...(some.state && { state: asTree(some.state) }),
    ...(some.disk && { localDisk: asTree(some.disk) }),
    settings: `statelite.strict=0 statelite.tmpfs=${some.overlay ? "overlay" : "copy"}`,
  });
  const found = accordingToNode(node);
  if (some.state) found.push(...onHost(node.places.state));
  return found.sort();
}

function asTree(tree: MemoryTree): Tree {
  const items: Record<string, Item> = {};
  const walk = (inode: Inode, path: string): void => {
    if (inode.kind === "directory") {
      if (path !== "") items[path] = null;
      for (const [name, child] of inode.names) walk(child, path === "" ? name : `${path}/${name}`);
    } else items[path] = inode.kind === "symlink" ? { link: inode.text } : inode.text;
  };
  walk(build(tree, "source"), "");
  return items;
}

test(`the node is what the oracle says, ${CASES} random boots (STATELITE_SEED=${seed})`, async () => {
  console.log(`STATELITE_SEED=${seed}`);
  const property = fc.asyncProperty(cases, async (some) => {
    expect(await boot(some)).toEqual(accordingToOracle(some));
  });
  const result = await fc.check(property, { seed, numRuns: CASES });
  const [shrunk] = result.counterexample ?? [];
  if (shrunk !== undefined) {
    throw new Error(
      `seed ${seed}, after ${result.numRuns} boots:\n${printCase(shrunk)}\n${result.errorInstance}`,
    );
  }
}, 60_000);
