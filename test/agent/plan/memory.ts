import { followLink } from "../../../agent/plan/layout.ts";
import type { Tree } from "./world.ts";

/** A file system in memory: enough of one to say what a process sees. */

/** Who keeps it: what becomes of a write to it. */
export type Zone = "image" | "source" | "volatile" | "state" | "disk";

export type Inode =
  | { readonly kind: "file"; readonly zone: Zone; readonly text: string }
  | { readonly kind: "symlink"; readonly zone: Zone; readonly text: string }
  | { readonly kind: "directory"; readonly zone: Zone; readonly names: Map<string, Inode> };

export type Directory = Extract<Inode, { kind: "directory" }>;

export function emptyDirectory(zone: Zone): Directory {
  return { kind: "directory", zone, names: new Map() };
}

/** A tree of a test as inodes; what contradicts an earlier line (a file with something below it) is left out. */
export function build(tree: Tree, zone: Zone): Directory {
  const top = emptyDirectory(zone);
  for (const [path, value] of Object.entries(tree)) {
    const names = path.split("/").filter(Boolean);
    const last = names.pop();
    let here: Inode | undefined = top;
    for (const name of names) here = here?.kind === "directory" ? enter(here, name) : undefined;
    if (last === undefined || here?.kind !== "directory" || here.names.has(last)) continue;
    here.names.set(last, made(value, zone));
  }
  return top;
}

function made(value: string | null, zone: Zone): Inode {
  if (value === null) return emptyDirectory(zone);
  if (value.startsWith("-> ")) return { kind: "symlink", zone, text: value.slice(3) };
  return { kind: "file", zone, text: value };
}

/** The name in a directory, made as a directory where it is missing. */
export function enter(directory: Directory, name: string): Inode {
  const there = directory.names.get(name) ?? emptyDirectory(directory.zone);
  directory.names.set(name, there);
  return there;
}

/** What was mounted on what. */
export type Mounts = ReadonlyMap<Inode, Inode>;

/** What a path leads to, as if `top` were the root; `follow`: also where its last name is a symlink. */
export function find(
  top: Directory,
  path: string,
  follow = true,
  mounts: Mounts = new Map(),
): Inode | undefined {
  const steps = walk(top, path, follow, mounts);
  return steps && (steps.at(-1)?.inode ?? top);
}

/** The path of what a path leads to, its links followed. */
export function realPath(top: Directory, path: string): string | undefined {
  const steps = walk(top, path, true, new Map());
  return steps && `/${steps.map(({ name }) => name).join("/")}`;
}

interface Step {
  readonly name: string;
  readonly inode: Inode;
}

/** The names on the way without links, and what each stands for; undefined where nothing is there. */
function walk(top: Directory, path: string, follow: boolean, mounts: Mounts): Step[] | undefined {
  const stack: Step[] = [];
  const todo = path.split("/");
  for (let links = 0, name = todo.shift(); name !== undefined; name = todo.shift()) {
    const here: Inode = stack.at(-1)?.inode ?? top;
    if (name === "" || name === ".") continue;
    if (here.kind !== "directory") return undefined;
    if (name === "..") {
      stack.pop();
      continue;
    }
    const next = covering(here.names.get(name), mounts);
    if (next === undefined) return undefined;
    if (next.kind !== "symlink" || (!follow && todo.every((rest) => rest === ""))) {
      stack.push({ name, inode: next });
      continue;
    }
    if (++links > 40) return undefined;
    if (next.text.startsWith("/")) stack.length = 0;
    todo.unshift(...next.text.split("/"));
  }
  return stack;
}

function covering(inode: Inode | undefined, mounts: Mounts): Inode | undefined {
  let shown = inode;
  for (let next = shown && mounts.get(shown); next !== undefined && next !== shown; next = mounts.get(next))
    shown = next;
  return shown;
}

/** A copy in another zone, without the paths that have rows of their own. */
export function clone(inode: Inode, zone: Zone, without: readonly string[] = []): Inode {
  if (inode.kind !== "directory") return { ...inode, zone };
  const copy = emptyDirectory(zone);
  for (const [name, child] of inode.names) {
    if (without.includes(name)) continue;
    const below = without
      .filter((path) => path.startsWith(`${name}/`))
      .map((path) => path.slice(name.length + 1));
    copy.names.set(name, clone(child, zone, below));
  }
  return copy;
}

/** What a directory lacks of another one comes in; what it holds stays as it is. */
export function merge(kept: Inode, made: Inode): void {
  if (kept.kind !== "directory" || made.kind !== "directory") return;
  for (const [name, child] of made.names) {
    const there = kept.names.get(name);
    if (there === undefined) kept.names.set(name, child);
    else merge(there, child);
  }
}

/** Puts an inode at a path, the directories above made where they are missing; symlinks there are not expected. */
export function put(top: Directory, path: string, inode: Inode): void {
  const names = path.split("/").filter(Boolean);
  const last = names.pop();
  let here = top;
  for (const name of names) {
    const next = enter(here, name);
    if (next.kind !== "directory") throw new Error(`${path}: ${name} is a ${next.kind}`);
    here = next;
  }
  if (last === undefined) throw new Error("nothing is put at the root");
  here.names.set(last, inode);
}

/** What a process sees at a path and below, one line each: kind, zone and content. */
export function see(top: Directory, path: string, mounts: Mounts = new Map()): string[] {
  const inode = find(top, path, true, mounts);
  return inode === undefined ? [`${path} nothing`] : list(inode, path, mounts);
}

function list(inode: Inode, path: string, mounts: Mounts): string[] {
  const write = inode.zone === "source" || inode.zone === "image" ? "read-only" : inode.zone;
  if (inode.kind === "file") return [`${path} ${write} file ${JSON.stringify(inode.text)}`];
  if (inode.kind === "symlink") return [`${path} ${write} -> ${inode.text}`];
  const names = [...inode.names].sort(([a], [b]) => (a < b ? -1 : 1));
  const below = names.flatMap(([name, child]) =>
    list(covering(child, mounts) ?? child, `${path}/${name}`, mounts),
  );
  return [`${path} ${write} directory`, ...below];
}

/** The path after the links of a tree above its last name. */
export function placeOf(top: Directory, path: string): string {
  const names = path.split("/").filter(Boolean);
  const last = names.pop();
  let here = "";
  for (const name of names) {
    here = `${here}/${name}`;
    const inode = find(top, here, false);
    if (inode?.kind === "symlink") here = followLink(here, inode.text);
  }
  return `${here}/${last}`;
}
