import { type BigIntStats, promises as fs, type Stats } from "node:fs";
import { Limiter } from "../concurrency.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason, isAbsence } from "../kernel/errno.ts";
import { baseName, joinPath, type Location, parentPath } from "../plan/layout.ts";
import type { NodeKind, Observations, Observed, Question } from "../plan/observation.ts";
import { namesOf, type TreeReader } from "./reader.ts";
import { fdPath, type Root } from "./root.ts";

/** Looks up the answers to all questions, many at a time: on NFS each costs round trips. */
export async function look(root: Root, questions: readonly Question[], width: number): Promise<Observations> {
  const answers = new Map<string, Observed>();
  const failures = new Map<string, string>();
  const limiter = new Limiter(width);
  const groups = byDirectory(questions);
  const namesAsked = (location: Location) =>
    new Set(groups.get(keyOf(location))?.map(({ path }) => baseName(path)));
  const lookAll = [...groups.values()].map((group) =>
    limiter.run(async () => {
      const found = await lookInDirectory(root, group, namesAsked);
      for (const [key, value] of found.answers) answers.set(key, value);
      for (const [key, value] of found.failures) failures.set(key, value);
    }),
  );
  await Promise.all(lookAll);
  // Last: what was gone before was looked for in vain, and would pass for what was never there.
  for (const [tree, reason] of await goneTrees(root, questions)) {
    for (const question of questions) {
      if (question.tree !== tree) continue;
      answers.delete(keyOf(question));
      failures.set(keyOf(question), reason);
    }
  }
  return {
    at: (location) => answers.get(keyOf(location)),
    failure: (location) => failures.get(keyOf(location)),
  };
}

const REMOVED = "the directory itself was removed on the server after it was mounted";

const IN_THE_WAY = "something that is no directory is on the way to it";

/** Why nothing can be made in a directory that is not there; undefined where it can itself be made. */
async function whyNotToBeMade(root: Root, { tree, path }: Location, error: unknown) {
  if (errorCode(error) === "ENOTDIR") return IN_THE_WAY;
  const stats = (up: string, flags: number) =>
    root.with({ tree, path: up }, flags, (fd) => fs.stat(fdPath(fd))).catch(() => undefined);
  for (let up = path; up !== "/"; up = parentPath(up)) {
    const there = await stats(up, O.NOFOLLOW);
    if (there === undefined) continue; // It is made with what lies in it.
    const leadsNowhere = there.isSymbolicLink() && (await stats(up, 0)) === undefined;
    return leadsNowhere ? `the symlink ${up} on the way to it leads nowhere there` : undefined;
  }
  return undefined;
}

/** Trees that have vanished since they were mounted, and how that shows. The image is held by itself. */
async function goneTrees(root: Root, questions: readonly Question[]): Promise<Map<string, string>> {
  const gone = new Map<string, string>();
  const trees = new Set(questions.map(({ tree }) => tree).filter((tree) => tree !== "/"));
  await Promise.all(
    [...trees].map(async (tree) => {
      try {
        if (!(await root.stillThere(tree))) gone.set(tree, REMOVED);
      } catch (error) {
        // A tree of the image itself may never have been there.
        if (!isAbsence(error)) gone.set(tree, errorReason(error));
      }
    }),
  );
  return gone;
}

function keyOf(location: Location): string {
  return `${location.tree}\0${location.path}`;
}

/** Questions about names in the same directory share one descriptor of it. */
function byDirectory(questions: readonly Question[]): Map<string, Question[]> {
  const groups = new Map<string, Question[]>();
  for (const question of questions) {
    const key = keyOf({ tree: question.tree, path: parentPath(question.path) });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [question]);
    else group.push(question);
  }
  return groups;
}

interface Found {
  readonly answers: Map<string, Observed>;
  readonly failures: Map<string, string>;
}

/** Names in a directory that somebody asks about. */
type NamesAsked = (directory: Location) => ReadonlySet<string>;

async function lookInDirectory(
  root: Root,
  group: readonly Question[],
  namesAsked: NamesAsked,
): Promise<Found> {
  const found: Found = { answers: new Map(), failures: new Map() };
  const [first] = group;
  if (first === undefined) return found;
  const location = { tree: first.tree, path: parentPath(first.path) };
  try {
    await root.reading(location, O.PATH | O.DIRECTORY, async (fd, reader) => {
      const real = group.some((question) => question.real)
        ? await placeInTree(root, first.tree, fd)
        : undefined;
      await Promise.all(
        group.map(async (question) => {
          try {
            found.answers.set(
              keyOf(question),
              await lookAt(root, { fd, reader, real, namesAsked }, question),
            );
          } catch (error) {
            if (!isAbsence(error)) found.failures.set(keyOf(question), errorReason(error));
          }
        }),
      );
    });
  } catch (error) {
    const toBeMade = isAbsence(error) && group.some((question) => question.toBeMade);
    const why = toBeMade ? await whyNotToBeMade(root, location, error) : undefined;
    for (const question of group) {
      if (why !== undefined && question.toBeMade) found.failures.set(keyOf(question), why);
      else if (!isAbsence(error)) found.failures.set(keyOf(question), errorReason(error));
    }
  }
  return found;
}

/** A directory that is looked into. */
interface OpenDirectory {
  readonly fd: number;
  readonly reader: TreeReader;
  /** Where it really lies in its tree, where that was asked for. */
  readonly real: string | undefined;
  readonly namesAsked: NamesAsked;
}

async function lookAt(root: Root, directory: OpenDirectory, question: Question): Promise<Observed> {
  const { fd, reader, real } = directory;
  const name = baseName(question.path);
  const path = Buffer.from(fdPath(fd, name));
  const stats = await reader.stat({ path, follow: false });
  const kind = kindOf(stats);
  if (kind === "symlink") {
    const text = (await reader.readlink(path)).toString();
    const { real: place, ...resolved } = (await lookBehind(root, directory, question)) ?? {};
    if (!("kind" in resolved)) return { kind, size: 0, link: { text } };
    return { kind, size: 0, link: { text, resolved }, ...(place !== undefined && { real: place }) };
  }
  const lies = real === undefined ? question.path : joinPath(real, name);
  const elsewhere = lies === question.path ? {} : { real: lies };
  if (kind === "directory" && question.names)
    return { ...(await lookBehindOrThrow(root, directory, question)), ...elsewhere };
  return { ...observedOf(stats), ...elsewhere };
}

function observedOf(stats: BigIntStats): Observed {
  const kind = kindOf(stats);
  if (kind !== "file") return { kind, size: 0 };
  const [size, filled] = [Number(stats.size), filledBytes(stats)];
  return { kind, size, version: versionOf(stats), ...(filled < size && { filled }) };
}

/**
 * Bytes of a regular file that are no holes, by the blocks that it has. A few too little say nothing: file systems put
 * small files into their inodes, pack them, and place what was written a moment ago later.
 */
export function filledBytes({ size, blocks }: BigIntStats): number {
  const placed = blocks * 512n;
  return Number(size - placed > UNPLACED ? placed : size);
}

const UNPLACED = 65536n;

/** Another one where the file was written to or replaced: its times are the server's, and tell no more than that. */
export function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** The path inside its tree of what a descriptor stands for; undefined where it has none. */
export async function placeInTree(root: Root, tree: string, fd: number): Promise<string | undefined> {
  const [top, path] = await Promise.all([
    fs.readlink(fdPath(await root.tree(tree))),
    fs.readlink(fdPath(fd)),
  ]);
  if (path === top) return "/";
  const above = top === "/" ? top : `${top}/`;
  return path.startsWith(above) ? `/${path.slice(above.length)}` : undefined;
}

/** What a symlink leads to inside its tree; undefined where that is nothing. */
async function lookBehind(
  root: Root,
  directory: OpenDirectory,
  question: Question,
): Promise<Observed | undefined> {
  try {
    return await lookBehindOrThrow(root, directory, question);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

function lookBehindOrThrow(
  root: Root,
  { reader, namesAsked }: OpenDirectory,
  question: Question,
): Promise<Observed> {
  return root.with(question, O.PATH, async (fd) => {
    const observed = observedOf(await fs.stat(fdPath(fd), { bigint: true }));
    const place = question.real ? await placeInTree(root, question.tree, fd) : undefined;
    return {
      ...observed,
      ...(place !== undefined && place !== question.path && { real: place }),
      ...(observed.kind === "directory" &&
        question.names && { names: await namesIn(reader, fd, namesAsked(question)) }),
    };
  });
}

/** Some names that nobody asks about say that a directory holds more than entries; a million say no more. */
const SOME_NAMES = 1000;

async function namesIn(reader: TreeReader, fd: number, asked: ReadonlySet<string>): Promise<string[]> {
  const directory = await reader.openDirectory({ path: Buffer.from(fdPath(fd, ".")), follow: true });
  try {
    const found: string[] = [];
    let others = 0;
    for await (const some of namesOf(reader, directory)) {
      const names = some.map((name) => name.toString());
      found.push(...names.filter((name) => asked.has(name) || others++ < SOME_NAMES));
    }
    return found;
  } finally {
    await directory.close();
  }
}

export function kindOf(stats: Stats | BigIntStats): NodeKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "device";
}
