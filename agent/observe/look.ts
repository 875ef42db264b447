import { type BigIntStats, promises as fs, type Stats } from "node:fs";
import { Limiter } from "../concurrency.ts";
import { O } from "../kernel/constants.ts";
import { errorCode, errorReason } from "../kernel/errno.ts";
import { close } from "../kernel/tree.ts";
import { baseName, type Location, parentPath } from "../plan/layout.ts";
import type { NodeKind, Observations, Observed, Question } from "../plan/observation.ts";
import { fdPath, type Root } from "./root.ts";

/** Looks up the answers to all questions, many at a time: on NFS each costs round trips. */
export async function look(root: Root, questions: readonly Question[], width: number): Promise<Observations> {
  const answers = new Map<string, Observed>();
  const failures = new Map<string, string>();
  const limiter = new Limiter(width);
  const lookAll = [...byDirectory(questions).values()].map((group) =>
    limiter.run(async () => {
      const found = await lookInDirectory(root, group);
      for (const [key, value] of found.answers) answers.set(key, value);
      for (const [key, value] of found.failures) failures.set(key, value);
    }),
  );
  await Promise.all(lookAll);
  return {
    at: (location) => answers.get(keyOf(location)),
    failure: (location) => failures.get(keyOf(location)),
  };
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

async function lookInDirectory(root: Root, group: readonly Question[]): Promise<Found> {
  const found: Found = { answers: new Map(), failures: new Map() };
  const [first] = group;
  if (first === undefined) return found;
  let directory: number;
  try {
    const location = { tree: first.tree, path: parentPath(first.path) };
    directory = await root.open(location, O.PATH | O.DIRECTORY);
  } catch (error) {
    if (!isAbsence(error)) for (const q of group) found.failures.set(keyOf(q), errorReason(error));
    return found;
  }
  try {
    await Promise.all(
      group.map(async (question) => {
        try {
          found.answers.set(keyOf(question), await lookAt(root, directory, question));
        } catch (error) {
          if (!isAbsence(error)) found.failures.set(keyOf(question), errorReason(error));
        }
      }),
    );
  } finally {
    close(directory); // In place: an O_PATH descriptor has nothing to flush.
  }
  return found;
}

/** Nothing there, or something that is no directory on the way: both mean that the path does not exist. */
function isAbsence(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

async function lookAt(root: Root, directory: number, question: Question): Promise<Observed> {
  const path = fdPath(directory, baseName(question.path));
  const stats = await fs.lstat(path);
  const kind = kindOf(stats);
  if (kind === "symlink") {
    const text = await fs.readlink(path);
    const behind = await lookBehind(root, question);
    return { kind, size: 0, link: behind === undefined ? { text } : { text, resolved: behind } };
  }
  if (kind === "directory" && question.names) return lookBehindOrThrow(root, question);
  return { kind, size: stats.size };
}

/** What a symlink leads to inside its tree; undefined where that is nothing. */
async function lookBehind(root: Root, question: Question): Promise<Observed | undefined> {
  try {
    return await lookBehindOrThrow(root, question);
  } catch (error) {
    if (isAbsence(error) || errorCode(error) === "ELOOP") return undefined;
    throw error;
  }
}

function lookBehindOrThrow(root: Root, question: Question): Promise<Observed> {
  return root.with(question, O.PATH, async (fd) => {
    const stats = await fs.stat(fdPath(fd));
    const kind = kindOf(stats);
    const size = kind === "file" ? stats.size : 0;
    if (kind !== "directory" || !question.names) return { kind, size };
    return { kind, size, names: await fs.readdir(fdPath(fd)) };
  });
}

export function kindOf(stats: Stats | BigIntStats): NodeKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "device";
}
