import type { ProblemCode } from "../catalogue/catalogue.ts";
import type { Problem } from "../errors.ts";
import type { LitefileRow } from "../xcat/tables.ts";
import { normalPath, ownDirectory } from "./layout.ts";
import { needOf, optionWords, takeNeed } from "./severity.ts";

/** Where an entry's content lives and how it appears at its path (semantics section 5). */
export type Option =
  | "tmpfs"
  | "link"
  | "link,ro"
  | "ro"
  | "con"
  | "link,con"
  | "persistent"
  | "link,persistent"
  | "localdisk";

/** One litefile row that makes sense by itself. */
export interface Entry {
  readonly row: LitefileRow;
  readonly option: Option;
  /** Normalised, absolute, without a trailing slash. */
  readonly path: string;
  /** The row's path ended in a slash. */
  readonly directory: boolean;
  /** The row asks for an overlay in place of a copy: what is a directory is shown, not copied. */
  readonly overlay: boolean;
}

export interface Entries {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

/** Rows to entries, in order of path: the rows that cannot be understood become problems (rules 8 and 9). */
export function readEntries(rows: readonly LitefileRow[]): Entries {
  const byPath = new Map<string, Entry>();
  const problems: Problem[] = [];
  for (const row of rows) {
    const entry = readEntry(row);
    if ("found" in entry) {
      problems.push(entry);
      continue;
    }
    const first = byPath.get(entry.path);
    if (first === undefined) byPath.set(entry.path, entry);
    else if (!asksTheSame(entry, first)) problems.push(conflict(entry, first));
    else if (entry.directory && !first.directory) byPath.set(entry.path, entry);
  }
  const entries = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { entries, problems };
}

/** Whether it makes no difference which of two rows is used: neither for what is placed, nor for what boots without it. */
function asksTheSame(one: Entry, other: Entry): boolean {
  return (
    one.option === other.option && one.overlay === other.overlay && needOf(one.row) === needOf(other.row)
  );
}

/** Option words as a set: their order means nothing, so that `ro,link` is `link,ro`. */
const OPTIONS: Readonly<Record<string, Option>> = {
  "": "link",
  tmpfs: "tmpfs",
  rw: "tmpfs",
  tempfs: "tmpfs",
  "rw,tmpfs": "link",
  "rw,tempfs": "link",
  link: "link",
  "link,tmpfs": "link",
  "link,rw": "link",
  "link,rw,tmpfs": "link",
  "link,ro": "link,ro",
  ro: "ro",
  con: "con",
  "con,link": "link,con",
  persistent: "persistent",
  "link,persistent": "link,persistent",
  localdisk: "localdisk",
};

/** A word of this project's own, beside those of volatile content: how a directory is to be placed. */
const OVERLAY = "overlay";

/** What a litefile options column asks for; undefined where no meaning is defined for it. */
export function parseOptions(text: string): Pick<Entry, "option" | "overlay"> | undefined {
  const needed = takeNeed(optionWords(text));
  if (needed === undefined) return undefined;
  const all = new Set(needed.words);
  const overlay = all.delete(OVERLAY);
  const option = all.size === 0 ? "tmpfs" : OPTIONS[[...all].sort().join(",")];
  if (option === undefined) return undefined;
  if (overlay && (all.has("") || (option !== "tmpfs" && option !== "link"))) return undefined;
  return { option, overlay };
}

function readEntry(row: LitefileRow): Entry | Problem {
  const { path: raw } = row;
  if (raw.includes("\n") || raw.includes("\0")) {
    return rowProblem(
      row,
      "litefile-path",
      "its path holds a newline or NUL byte",
      "correct the file column in litefile",
    );
  }
  if (!raw.startsWith("/")) {
    return rowProblem(
      row,
      "litefile-path",
      "its path is relative, an absolute one was wanted",
      "correct the file column in litefile",
    );
  }
  const path = normalPath(raw);
  if (path === "/" || path.split("/").includes("..")) {
    const what = path === "/" ? "its path is the root directory" : 'its path contains ".."';
    return rowProblem(row, "litefile-path", what, "name the file or directory itself in litefile");
  }
  const long = tooLong(path);
  if (long !== undefined)
    return rowProblem(row, "litefile-path", long, "correct the file column in litefile");
  const own = ownDirectory(path);
  if (own !== undefined)
    return rowProblem(row, "litefile-path", `${own} belongs to the agent`, "remove the row from litefile");
  const asked = parseOptions(row.options);
  if (asked === undefined) {
    return rowProblem(
      row,
      "litefile-options",
      `its options "${row.options}" have no meaning`,
      "use one of tmpfs, link, link,ro, ro, con, link,con, persistent, link,persistent, localdisk, overlay, link,overlay, each perhaps with required or optional",
    );
  }
  const { option } = asked;
  const directory = raw.endsWith("/");
  if (directory && (option === "con" || option === "link,con")) {
    return rowProblem(
      row,
      "litefile-con",
      `"${option}" is for files, the row is a directory`,
      "name the files one by one, or use tmpfs",
    );
  }
  return { row, ...asked, path, directory };
}

/** NAME_MAX of Linux's file systems, and PATH_MAX with room for what liteimg and the agent put before a path. */
const [MOST_NAME_BYTES, MOST_PATH_BYTES] = [255, 4000];

/** Why nothing can have such a path; undefined where something can. */
function tooLong(path: string): string | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes > MOST_PATH_BYTES) return `its path is ${bytes} bytes long, ${MOST_PATH_BYTES} are possible`;
  const longest = Math.max(...path.split("/").map((name) => Buffer.byteLength(name)));
  if (longest <= MOST_NAME_BYTES) return undefined;
  return `a name in its path is ${longest} bytes long, ${MOST_NAME_BYTES} are possible`;
}

function conflict(entry: Entry, first: Entry): Problem {
  return rowProblem(
    entry.row,
    "litefile-duplicate",
    `the same path has a row with "${first.row.options}" already, which is used`,
    "keep one of the two rows in litefile",
  );
}

/** A problem of one row: `litefile: "ro" /etc/ro.conf: in none of 2 sources`. */
export function rowProblem(row: LitefileRow, code: ProblemCode, found: string, remedy: string): Problem {
  return { class: "row", code, doing: "litefile", on: `"${row.options}" ${row.path}`, found, remedy, row };
}
