import { readEntries } from "../../../agent/plan/entry.ts";
import type { Expectation } from "../../../agent/plan/expectation.ts";
import {
  baseName,
  followLink,
  joinPath,
  LAYOUT,
  type Location,
  parentPath,
  stateDirectory,
} from "../../../agent/plan/layout.ts";
import type { Observations, Observed, Target } from "../../../agent/plan/observation.ts";
import { formatOp, type Op } from "../../../agent/plan/op.ts";
import { makePlan, type Plan } from "../../../agent/plan/plan.ts";
import type { Trees } from "../../../agent/plan/questions.ts";
import type { LitefileRow } from "../../../agent/xcat/tables.ts";
import {
  clone,
  type Directory,
  emptyDirectory,
  find,
  type Inode,
  type Mounts,
  merge,
  put,
  realPath,
  type Zone,
} from "./memory.ts";
import type { Given } from "./oracle.ts";
import { problemLines } from "./world.ts";

/** The agent's plan, carried out in memory: what the ops say, and nothing that they do not. */
export interface Simulation {
  readonly plan: Plan;
  /** `code path` of each row that could not be carried out, or whose expectations are not met. */
  readonly problems: readonly string[];
  readonly root: Directory;
  readonly mounts: Mounts;
}

/** Plans from what is given and carries it out; a row that fails takes those inside it along. */
export function simulate(given: Given): Simulation {
  const { root, trees, sources } = mounted(given);
  const seen = observations(root);
  const targets = new Map(
    readEntries(given.rows).entries.map(({ path }): [string, Target] => [path, targetOf(root, path)]),
  );
  const { state, localDisk } = trees;
  const own = { ...(state !== undefined && { state }), ...(localDisk !== undefined && { localDisk }) };
  const plan = makePlan({
    rows: given.rows,
    sources,
    seen,
    targets,
    tmpfs: given.overlay ? "overlay" : "copy",
    ...own,
  });
  const mounts = new Map<Inode, Inode>();
  const failed = new Map<LitefileRow, string>();
  const parents = new Map(plan.placed.map(({ entry, parent }) => [entry.row, parent?.entry.row]));
  for (const op of [...plan.stages.flat(), ...plan.binds]) {
    if (failed.has(op.row)) continue;
    const above = chain(op.row, parents).some((row) => failed.has(row));
    if (above) failed.set(op.row, `parent-failed ${op.row.path}`);
    else if (!carryOut(op, root, mounts)) failed.set(op.row, `op-${op.kind} ${op.row.path}`);
  }
  const disappointed = plan.expectations.filter((one) => !failed.has(one.row) && !isMet(one, root, mounts));
  const unmet = [...new Set(disappointed.map(({ row }) => `verify ${row.path}`))];
  return { plan, problems: [...problemLines(plan.problems), ...failed.values(), ...unmet], root, mounts };
}

function chain(row: LitefileRow, parents: ReadonlyMap<LitefileRow, LitefileRow | undefined>): LitefileRow[] {
  const parent = parents.get(row);
  return parent === undefined ? [] : [parent, ...chain(parent, parents)];
}

function isMet(expectation: Expectation, root: Directory, mounts: Mounts): boolean {
  const there = find(root, expectation.path, true, mounts);
  switch (expectation.kind) {
    case "same":
      return there !== undefined && there === mustFind(root, expectation.as);
    case "mounted":
      return [...mounts.values()].some((shown) => shown === there);
    case "content": {
      const texts = expectation.of.map(({ location }) => mustFind(root, location));
      return (
        there?.kind === "file" &&
        there.text === texts.map((file) => (file.kind === "file" ? file.text : "")).join("")
      );
    }
    default:
      return expectation satisfies never;
  }
}

function mounted(given: Given) {
  const root = clone(given.image, "image");
  if (root.kind !== "directory") throw new Error("an image is a directory");
  root.names.set(".statelite", emptyDirectory("volatile"));
  put(root, LAYOUT.tmpfs, emptyDirectory("volatile"));
  const sources = given.sources.map((tree, n) => {
    const path = `${LAYOUT.sources}/s/${n + 1}`;
    if (tree !== undefined) put(root, path, tree);
    return { tree: path, name: `s:/${n + 1}`, ...(tree === undefined && { unavailable: "no answer" }) };
  });
  const trees: Trees = {
    sources: sources.filter((source) => !("unavailable" in source)).map(({ tree }) => tree),
    ...(given.state && { state: stateDirectory("n01") }),
    ...(given.disk && { localDisk: LAYOUT.localDisk }),
  };
  if (given.state) put(root, stateDirectory("n01"), given.state);
  if (given.disk) put(root, LAYOUT.localDisk, given.disk);
  return { root, trees, sources };
}

function observations(root: Directory): Observations {
  return {
    at: ({ tree, path }) => {
      const top = find(root, tree);
      const inode = top?.kind === "directory" ? find(top, path, false) : undefined;
      if (inode === undefined || top?.kind !== "directory") return undefined;
      const place = realPath(top, path);
      const elsewhere = place !== undefined && place !== path ? { real: place } : {};
      if (inode.kind !== "symlink") return { ...observed(inode), ...elsewhere };
      const behind = find(top, path);
      const link = { text: inode.text, ...(behind && { resolved: observed(behind) }) };
      return { kind: "symlink", size: 0, link, ...elsewhere };
    },
    failure: () => undefined,
  };
}

function observed(inode: Inode): Observed {
  const size = inode.kind === "file" ? inode.text.length : 0;
  return { kind: inode.kind, size, ...(inode.kind === "directory" && { names: [...inode.names.keys()] }) };
}

/** As observe/targets.ts finds it: image links above the last name are followed, but not those that liteimg made. */
function targetOf(root: Directory, path: string): Target {
  const directory = (of: string): string => {
    if (of === "/") return "/";
    const here = joinPath(directory(parentPath(of)), baseName(of));
    const inode = find(root, here, false);
    if (inode?.kind !== "symlink") return here;
    const target = followLink(here, inode.text);
    const byLiteimg = target === joinPath(LAYOUT.tmpfs, of) || target === joinPath(LAYOUT.tmpfs, here);
    return byLiteimg ? here : directory(target);
  };
  const canonical = joinPath(directory(parentPath(path)), baseName(path));
  const inode = find(root, canonical, false);
  const kind = find(root, canonical)?.kind;
  return { canonical, ...(kind && { kind }), ...(inode?.kind === "symlink" && { linkText: inode.text }) };
}

/** Whether it could be done. What no case should ever ask for throws instead. */
function carryOut(op: Op, root: Directory, mounts: Map<Inode, Inode>): boolean {
  switch (op.kind) {
    case "copy":
    case "seed": {
      const made = clone(mustFind(root, op.from, op.follow), zoneOf(op.to), op.exclude);
      if (op.kind === "copy" || !op.merge) return putAt(root, op.to, made);
      merge(mustFind(root, op.to, false), made);
      return true;
    }
    case "remember":
      return true;
    case "overlay": {
      // It looks like a copy; that it is a mount is what the verification asks for.
      const shown = clone(mustFind(root, op.from), "volatile", op.exclude);
      mounts.set(shown, shown);
      return putAt(root, op.to, shown);
    }
    case "concatenate": {
      const files = op.from.map((location) => mustFind(root, location));
      const text = files.map((file) => (file.kind === "file" ? file.text : "")).join("");
      return putAt(root, op.to, { kind: "file", zone: zoneOf(op.to), text });
    }
    case "symlink":
      return putAt(root, op.at, { kind: "symlink", zone: zoneOf(op.at), text: op.text });
    case "mountpoint": {
      const top = mustFind(root, { tree: "/", path: op.at.tree });
      const there = top.kind === "directory" ? find(top, op.at.path, false) : undefined;
      const empty = op.directory ? emptyDirectory("volatile") : EMPTY_FILE;
      return there === undefined ? putAt(root, op.at, { ...empty }) : there.kind === empty.kind;
    }
    case "bind": {
      const from = mustFind(root, op.from);
      const target = find(root, op.target.path, op.follow, mounts);
      if (target === undefined) throw new Error(`${formatOp(op)}: there is nothing to mount on`);
      if ((target.kind === "directory") !== (from.kind === "directory") || target.kind === "symlink")
        return false;
      mounts.set(target, from);
      return true;
    }
    default:
      return op satisfies never;
  }
}

const EMPTY_FILE: Inode = { kind: "file", zone: "volatile", text: "" };

function mustFind(root: Directory, { tree, path }: Location, follow = true): Inode {
  const top = find(root, tree);
  const inode = top?.kind === "directory" ? find(top, path, follow) : undefined;
  if (inode === undefined) throw new Error(`nothing at ${joinPath(tree, path)}`);
  return inode;
}

function putAt(root: Directory, { tree, path }: Location, inode: Inode): true {
  const top = find(root, tree);
  if (top?.kind !== "directory") throw new Error(`no tree at ${tree}`);
  if (find(top, path, false) !== undefined) throw new Error("something is there already");
  put(top, path, inode);
  return true;
}

function zoneOf({ tree }: Location): Zone {
  return tree === LAYOUT.tmpfs ? "volatile" : tree === LAYOUT.localDisk ? "disk" : "state";
}
