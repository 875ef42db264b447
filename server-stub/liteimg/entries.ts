import type { Problem } from "../../agent/errors.ts";
import { takeNeed } from "../../agent/plan/severity.ts";

/** A litefile row as text, with where it stands for messages. */
export interface SourceRow {
  readonly file: string;
  readonly options: string;
  readonly origin: string;
}

/**
 * How the image serves an entry:
 * - `link`: the content lies in /.default, the path is a symlink towards it;
 * - `inside`: part of the content of a `link` directory above it;
 * - `plain`: the path stays, /.default has a copy;
 * - `covered`: as `plain`, and the copy is part of that of a directory above it.
 */
export type Placement = "link" | "inside" | "plain" | "covered";

/** One path that the image must be prepared for. */
export interface Entry {
  /** Absolute, normalised, without a trailing slash. */
  readonly path: string;
  readonly directory: boolean;
  readonly placement: Placement;
  /** The row in words: `litefile.csv line 3: link /etc/ntp.conf`. */
  readonly row: string;
}

interface Option {
  readonly link: boolean;
  readonly place: "tmpfs" | "ro" | "con" | "persistent" | "localdisk";
}

const options: Readonly<Record<string, Option>> = {
  tmpfs: { link: false, place: "tmpfs" },
  tempfs: { link: false, place: "tmpfs" },
  rw: { link: false, place: "tmpfs" },
  ro: { link: false, place: "ro" },
  con: { link: false, place: "con" },
  persistent: { link: false, place: "persistent" },
  localdisk: { link: false, place: "localdisk" },
  link: { link: true, place: "tmpfs" },
  "tmpfs,rw": { link: true, place: "tmpfs" },
  "link,ro": { link: true, place: "ro" },
  "link,con": { link: true, place: "con" },
  "link,persistent": { link: true, place: "persistent" },
};

/**
 * The agent's words "required", "optional" and "overlay" are about whether a node may boot without the row, and how it
 * gets what is volatile; they mean nothing to the image.
 */
function optionOf(text: string): Option | undefined {
  const needed = takeNeed(text.split(","));
  const words = needed?.words.filter((word) => word !== "overlay");
  if (needed === undefined || words === undefined) return undefined;
  const plain = words.length === 0 ? "tmpfs" : words.join(",");
  const option = Object.hasOwn(options, plain) ? options[plain] : undefined;
  return words.length === needed.words.length || option?.place === "tmpfs" ? option : undefined;
}

interface Checked {
  readonly path: string;
  readonly directory: boolean;
  readonly option: Option;
  readonly row: string;
}

/** xCAT asks for a linked mtab whatever becomes of /etc. */
const mtab = "/etc/mtab";

/**
 * Checks the rows of an image (semantics section 5, rules 4, 8 and 9) and decides how the image serves each;
 * all problems at once, and with any of them no entries. Parents come before their children.
 */
export function checkRows(rows: readonly SourceRow[]): {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const checked = new Map<string, Checked>();
  const refuse = (row: string, found: string, remedy: string): void => {
    problems.push({
      class: "fatal",
      code: "litefile-row",
      doing: "check the litefile rows",
      on: row,
      found,
      remedy,
    });
  };
  for (const source of rows) {
    const row = `${source.origin}: ${source.options} ${source.file}`;
    const path = `/${source.file
      .split("/")
      .filter((part) => part !== "")
      .join("/")}`;
    const complaint = pathComplaint(source.file, path);
    const option = optionOf(source.options);
    const directory = source.file.endsWith("/");
    const twin = checked.get(path);
    if (complaint !== undefined) refuse(row, complaint, "correct the row");
    else if (option === undefined)
      refuse(row, "unknown options", `use one of ${Object.keys(options).join(" ")}`);
    else if (option.place === "con" && directory)
      refuse(row, "con on a directory", "name its files one by one");
    else if (twin !== undefined && twin.option !== option)
      refuse(`${twin.row} and ${row}`, "the same path with different options", "remove one of the rows");
    else checked.set(path, { path, directory: directory || twin?.directory === true, option, row });
  }
  const sorted = [...checked.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const child of sorted) {
    for (const parent of ancestorsIn(checked, child.path)) {
      const illegal = pairComplaint(parent, child);
      if (illegal !== undefined)
        refuse(`${parent.row} and ${child.row}`, illegal, "change the options of one of them");
    }
  }
  if (problems.length > 0) return { entries: [], problems };
  return { entries: sorted.map((entry) => placed(entry, checked)), problems };
}

function placed({ path, directory, option, row }: Checked, all: ReadonlyMap<string, Checked>): Entry {
  const above = ancestorsIn(all, path);
  const placement = option.link
    ? above.some((parent) => parent.option.link)
      ? "inside"
      : "link"
    : above.length > 0
      ? "covered"
      : "plain";
  return { path, directory, placement, row };
}

function ancestorsIn(all: ReadonlyMap<string, Checked>, path: string): readonly Checked[] {
  const parents: Checked[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const parent = all.get(path.slice(0, end));
    if (parent !== undefined) parents.push(parent);
  }
  return parents;
}

function pathComplaint(written: string, path: string): string | undefined {
  if (!written.startsWith("/")) return "not an absolute path";
  if (path === "/") return "the root itself cannot be an entry";
  if (path.split("/").some((part) => part === ".." || part === ".")) return "a path with . or ..";
  if (/[\n\0\ufffd]/.test(path)) return "a path with a newline, a NUL or bytes that are not UTF-8";
  if (/^\/\.(?:statelite|default)(?:\/|$)/.test(path)) return "a path of statelite's own";
  return undefined;
}

/** The pairs that xCAT's liteimg refuses, at any depth. */
function pairComplaint(parent: Checked, child: Checked): string | undefined {
  if (child.path === mtab && !parent.option.link) return undefined;
  if (parent.option.place === "ro" || parent.option.place === "con") return "nothing can be below ro or con";
  if (parent.option.link && !child.option.link)
    return "below a link directory only link options are possible";
  if (parent.option.link && child.option.place === "ro")
    return "link,ro is not possible below a link directory";
  if (!parent.option.link && child.option.link)
    return "below a directory without link no link option is possible";
  if (parent.option.place === "persistent" && child.option.place !== "persistent")
    return "below a persistent directory all must be persistent";
  return undefined;
}
