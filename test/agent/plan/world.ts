import type { Problem } from "../../../agent/errors.ts";
import { followLink, joinPath, LAYOUT, type Location, stateDirectory } from "../../../agent/plan/layout.ts";
import type { Observations, Observed, Target } from "../../../agent/plan/observation.ts";
import { formatOp } from "../../../agent/plan/op.ts";
import { makePlan, type Plan, prepare } from "../../../agent/plan/plan.ts";

/** A tree in memory: a text is a file, `null` a directory, a text that begins with "-> " a symlink, with "!! " a failure. */
export type Tree = Readonly<Record<string, string | null>>;

/** What the decisions are made from, without any file system. */
export interface World {
  /** `options path`, as in the litefile answer. */
  readonly litefile: readonly string[];
  /** What liteimg has put into `/.default`. */
  readonly defaults?: Tree;
  readonly sources?: readonly Tree[];
  /** Sources that could not be mounted, by position from 0. */
  readonly unavailable?: readonly number[];
  /** `undefined`: the node keeps no state. */
  readonly state?: Tree;
  readonly localDisk?: Tree;
  /** `statelite.tmpfs=overlay`. */
  readonly overlay?: boolean;
  /** The image beside what liteimg made for the rows: links on the way to entries. */
  readonly image?: Tree;
  /** Paths at which the image has nothing, although liteimg should have made it. */
  readonly missing?: readonly string[];
}

export function plan(world: World): Plan {
  const rows = world.litefile.map((line) => {
    const [, options = "", path = ""] = /^(\S*) (.*)$/s.exec(line) ?? [];
    return { options, path };
  });
  const sources = (world.sources ?? []).map((_, index) => ({
    tree: `${LAYOUT.sources}/s/${index + 1}`,
    name: `s:/${index + 1}`,
    ...(world.unavailable?.includes(index) && { unavailable: "no answer" }),
  }));
  const trees = new Map<string, Tree>([["/", prefixed(world.defaults ?? {}, LAYOUT.defaults)]]);
  for (const [index, source] of sources.entries()) trees.set(source.tree, world.sources?.[index] ?? {});
  const own = {
    ...(world.state && { state: stateDirectory("n01") }),
    ...(world.localDisk && { localDisk: LAYOUT.localDisk }),
  };
  trees.set(stateDirectory("n01"), world.state ?? {});
  trees.set(LAYOUT.localDisk, world.localDisk ?? {});
  const { entries } = prepare(rows, { sources: sources.map((source) => source.tree), ...own });
  const targets = new Map(
    entries.map(({ path, option, directory }): [string, Target] => {
      const canonical = canonicalIn(world.image ?? {}, path);
      if (world.missing?.includes(path)) return [path, { canonical }];
      const text = world.image?.[canonical];
      if (text?.startsWith("-> "))
        return [path, { canonical, linkText: text.slice(3), kind: directory ? "directory" : "file" }];
      if (option.startsWith("link")) return [path, { canonical, linkText: joinPath(LAYOUT.tmpfs, path) }];
      const isDirectory = directory || everywhere(trees, path).some((t) => isDirectoryIn(t, path));
      return [path, { canonical, kind: isDirectory ? "directory" : "file" }];
    }),
  );
  return makePlan({
    rows,
    sources,
    targets,
    seen: observations(trees),
    tmpfs: world.overlay === true ? "overlay" : "copy",
    ...own,
  });
}

/** The plan's ops, one line each, as `statelite.log` has them but for the row, with short names of the trees. */
export function opLines(made: Plan): string[] {
  return [...made.stages.flat(), ...made.binds].map((op) => shorten(formatOp(op).replace(/ {2}# .*$/s, "")));
}

/** `code path` of each problem. */
export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map((problem) => `${problem.code} ${problem.row?.path}`);
}

function shorten(text: string): string {
  return text
    .replaceAll(`${LAYOUT.sources}/s/`, "source")
    .replaceAll(stateDirectory("n01"), "state")
    .replaceAll(LAYOUT.tmpfs, "tmpfs")
    .replaceAll(LAYOUT.overlay, "upper")
    .replaceAll(/(?<=^| )\/\.default/g, "default")
    .replaceAll(LAYOUT.localDisk, "disk");
}

function prefixed(tree: Tree, prefix: string): Tree {
  return Object.fromEntries(Object.entries(tree).map(([path, value]) => [prefix + path, value]));
}

function everywhere(trees: ReadonlyMap<string, Tree>, path: string): Tree[] {
  return [...trees.values()].filter((tree) => isDirectoryIn(tree, path));
}

function isDirectoryIn(tree: Tree, path: string): boolean {
  return tree[path] === null || Object.keys(tree).some((other) => other.startsWith(`${path}/`));
}

/** Links of the image above the last component; not those that liteimg made. */
function canonicalIn(image: Tree, path: string): string {
  const parts = path.split("/").slice(1);
  let here = "";
  for (const part of parts.slice(0, -1)) {
    here = `${here}/${part}`;
    const value = image[here];
    if (value?.startsWith("-> ")) here = followLink(here, value.slice(3));
  }
  return `${here}/${parts.at(-1)}`;
}

/** Answers from trees in memory, by the same rules as the file system gives them. */
export function observations(trees: ReadonlyMap<string, Tree>): Observations {
  const at = ({ tree, path }: Location): Observed | undefined => observe(trees.get(tree) ?? {}, path, 0);
  const failure = ({ tree, path }: Location): string | undefined => failureIn(trees.get(tree), path);
  return { at: (location) => (failure(location) === undefined ? at(location) : undefined), failure };
}

function failureIn(tree: Tree | undefined, path: string): string | undefined {
  const value = tree?.[path];
  return value?.startsWith("!! ") ? value.slice(3) : undefined;
}

function observe(tree: Tree, path: string, links: number): Observed | undefined {
  if (links > 40) return undefined;
  const value = tree[path];
  if (value?.startsWith("-> ")) {
    const behind = observe(tree, followLink(path, value.slice(3)), links + 1);
    const resolved = behind === undefined ? undefined : (behind.link?.resolved ?? behind);
    return { kind: "symlink", size: 0, link: { text: value.slice(3), ...(resolved && { resolved }) } };
  }
  if (typeof value === "string") return { kind: "file", size: value.length };
  if (!isDirectoryIn(tree, path)) return undefined;
  const below = Object.keys(tree).filter((other) => other.startsWith(`${path}/`));
  const names = [...new Set(below.map((other) => other.slice(path.length + 1).split("/")[0] ?? ""))];
  return { kind: "directory", size: 0, names };
}
