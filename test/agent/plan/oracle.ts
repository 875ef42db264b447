import path from "node:path";
import {
  clone,
  type Directory,
  emptyDirectory,
  find,
  type Inode,
  merge,
  placeOf,
  put,
  realPath,
  type Zone,
} from "./memory.ts";

/**
 * Semantics section 5 once more, written from its text and nothing else: simple, slow, and in another order than
 * the agent's. What the two disagree about is a mistake in one of them, or in the text.
 */

/** What there is before the agent begins. The image is as liteimg left it. */
export interface Given {
  readonly rows: readonly { readonly options: string; readonly path: string }[];
  /** Directories are shown through overlays: what a process sees is the same. */
  readonly overlay: boolean;
  readonly image: Directory;
  /** In priority order; `undefined` where it cannot be mounted. */
  readonly sources: readonly (Directory | undefined)[];
  readonly state?: Directory;
  readonly disk?: Directory;
}

export interface Verdict {
  /** `code path` of each row that has a problem. */
  readonly problems: readonly string[];
  /** Path of each placed entry, to the names of the places that its content comes from. */
  readonly winners: ReadonlyMap<string, string>;
  /** The node's root: what lies at each path, bind mounts as if it were there itself. */
  readonly root: Directory;
}

interface Row {
  readonly raw: string;
  readonly path: string;
  readonly directory: boolean;
  readonly link: boolean;
  readonly what: "copy" | "ro" | "con" | "persistent" | "localdisk";
  /** Asked for by the row; two rows of one path must agree on it. */
  readonly overlay?: true;
}

const MEANINGS: Readonly<Record<string, Pick<Row, "link" | "what" | "overlay">>> = {
  tmpfs: { link: false, what: "copy" },
  rw: { link: false, what: "copy" },
  tempfs: { link: false, what: "copy" },
  "tmpfs,rw": { link: true, what: "copy" },
  overlay: { link: false, what: "copy", overlay: true },
  "tmpfs,overlay": { link: false, what: "copy", overlay: true },
  "link,overlay": { link: true, what: "copy", overlay: true },
  "": { link: true, what: "copy" },
  link: { link: true, what: "copy" },
  "link,ro": { link: true, what: "ro" },
  "ro,link": { link: true, what: "ro" },
  ro: { link: false, what: "ro" },
  con: { link: false, what: "con" },
  "link,con": { link: true, what: "con" },
  persistent: { link: false, what: "persistent" },
  "link,persistent": { link: true, what: "persistent" },
  localdisk: { link: false, what: "localdisk" },
};

const within = (path: string, above: string) => path.startsWith(`${above}/`);
const isCopy = ({ what }: Row) => what === "copy" || what === "con";

/** Who wins each entry and what a process then sees. */
export function judge(given: Given): Verdict {
  const problems: string[] = [];
  const rows = readRows(given, problems);
  const legal = rows.filter((row) => {
    const refused = rows.some((parent) => within(row.path, parent.path) && !isLegal(parent, row));
    if (refused) problems.push(`litefile-nesting ${row.raw}`);
    return !refused;
  });
  const found = new Map<Row, Found>();
  const parents = new Map<Row, Row>();
  for (const row of legal) {
    const parent = [...found.keys()].findLast((other) => within(row.path, other.path));
    const result = resolve(row, rows, given) ?? "unresolved";
    const problem = typeof result === "string" ? result : whyNot(row, parent, result, given);
    if (problem !== undefined || typeof result === "string") problems.push(`${problem} ${row.raw}`);
    else {
      found.set(row, result);
      if (parent !== undefined) parents.set(row, parent);
    }
  }
  const { root, hindered } = layOut(given, found, parents);
  for (const [row, code] of hindered) problems.push(`${code} ${row.raw}`);
  const winners = new Map([...found].map(([row, { names }]) => [row.path, names.join(" + ")]));
  return { problems: [...problems].sort(), winners, root };
}

/** Rules 8 and 9; parents come before children. */
function readRows(given: Given, problems: string[]): Row[] {
  const rows = new Map<string, Row & { readonly options: string }>();
  for (const { options, path: raw } of given.rows) {
    const meaning = MEANINGS[options];
    const names = raw.split("/").filter((name) => name !== "" && name !== ".");
    const bad = /[\n\0]/.test(raw) || !raw.startsWith("/") || names.includes("..") || names.length === 0;
    const directory = raw.endsWith("/");
    if (bad) problems.push(`litefile-path ${raw}`);
    else if (meaning === undefined) problems.push(`litefile-options ${raw}`);
    else if (meaning.what === "con" && directory) problems.push(`litefile-con ${raw}`);
    else {
      const path = `/${names.join("/")}`;
      const first = rows.get(path);
      if (first === undefined) rows.set(path, { raw, path, directory, options, ...meaning });
      else if (
        first.link !== meaning.link ||
        first.what !== meaning.what ||
        first.overlay !== meaning.overlay
      )
        problems.push(`litefile-duplicate ${raw}`);
      else if (directory && !first.directory) rows.set(path, { ...first, raw, directory });
    }
  }
  return [...rows.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Rule 4. */
function isLegal(parent: Row, child: Row): boolean {
  if (parent.what === "ro" || parent.what === "con") return false;
  if (parent.link !== child.link) return false;
  if (parent.link && child.what === "ro") return false;
  return parent.what !== "persistent" || child.what === "persistent";
}

/** What an entry's content comes from. */
interface Found {
  readonly names: readonly string[];
  /** Before links are followed. */
  readonly there: Inode;
  /** What is behind them, or the files' texts one after the other. */
  readonly content: Inode;
  /** It is kept from an earlier boot. */
  readonly kept: boolean;
  /** What is kept of it, and is completed. */
  readonly around?: Inode;
}

function ownTree(row: Row, given: Given): Directory | undefined {
  return row.what === "persistent" ? given.state : row.what === "localdisk" ? given.disk : undefined;
}

/** Rules 1 and 2, and `con`. A text is the code of a problem. */
function resolve(row: Row, rows: readonly Row[], given: Given): Found | string | undefined {
  const own = ownTree(row, given);
  const there = own && find(own, row.path, false);
  if (own !== undefined && there !== undefined) {
    const content = find(own, row.path);
    if (content === undefined || (row.directory && content.kind !== "directory")) return "state-kind";
    const kept = { names: [row.what === "localdisk" ? "local disk" : "state"], there, content, kept: true };
    // A directory that only leads to entries of their own was never seeded.
    if (!isSparse(there, row, rows)) return kept;
    const seed = candidates(row, rows, given)[0];
    return seed?.content.kind === "directory" ? { ...seed, around: content } : kept;
  }
  const all = candidates(row, rows, given);
  const serving = all.filter(({ names }) => names[0] !== "default");
  if (row.what !== "con" || serving.length === 0) return all[0];
  const text = serving.map(({ content }) => (content.kind === "file" ? content.text : "")).join("");
  const content: Inode = { kind: "file", zone: "volatile", text };
  return { names: serving.flatMap(({ names }) => names), there: content, content, kept: false };
}

/** Every place that could serve, in order. */
function candidates(row: Row, rows: readonly Row[], given: Given): Found[] {
  const serving = given.sources.flatMap((source, n) => {
    const candidate = source && candidateIn(source, row.path, row);
    if (candidate === undefined || isUnfit(candidate.content, row, rows)) return [];
    return [{ ...candidate, names: [`source ${n + 1}`], kept: false }];
  });
  const fallback = candidateIn(given.image, `/.default${row.path}`, row);
  return fallback === undefined ? serving : [...serving, { ...fallback, names: ["default"], kept: false }];
}

function candidateIn(tree: Directory, path: string, row: Row) {
  const there = find(tree, path, false);
  if (there === undefined) return undefined;
  const content = find(tree, path);
  // A link entry of a file may itself be a symlink, wherever it leads.
  if (row.link && row.what === "copy" && !row.directory) return { there, content: there };
  if (content === undefined || (row.directory && content.kind !== "directory")) return undefined;
  return row.what === "con" && content.kind !== "file" ? undefined : { there, content };
}

/** Rules 2 and 3: what only a source can do wrong. */
function isUnfit(content: Inode, row: Row, rows: readonly Row[]): boolean {
  if (content.kind !== "directory") return false;
  const names = [...content.names.keys()];
  if (row.directory && names.length === 0) return true;
  if (names.some((name) => rows.some((other) => other.path === `${row.path}/${name}`))) return true;
  return isSparse(content, row, rows);
}

/** A directory that holds nothing but what leads to rows below it. */
function isSparse(inode: Inode, row: Row, rows: readonly Row[]): boolean {
  const leadsToEntries = (child: Inode, path: string): boolean =>
    rows.some((other) => other.path === path) ||
    (child.kind === "directory" &&
      rows.some((other) => within(other.path, path)) &&
      [...child.names].every(([name, below]) => leadsToEntries(below, `${path}/${name}`)));
  const hasChildren = rows.some((other) => within(other.path, row.path));
  return (
    inode.kind === "directory" &&
    hasChildren &&
    [...inode.names].every(([name, child]) => leadsToEntries(child, `${row.path}/${name}`))
  );
}

/** What an entry with content can still lack: a place to be kept, and rule 7. */
function whyNot(
  row: Row,
  parent: Row | undefined,
  { content, kept }: Found,
  given: Given,
): string | undefined {
  if (row.what === "persistent" && given.state === undefined) return "state-none";
  if (row.what === "localdisk" && given.disk === undefined) return "localdisk-none";
  if (parent !== undefined) return undefined;
  const place = placeOf(given.image, row.path);
  if (row.link) {
    const target = find(given.image, place, false);
    return target?.kind === "symlink" && target.text.endsWith(`/.statelite/tmpfs${row.path}`)
      ? undefined
      : "target-missing";
  }
  const target = find(given.image, row.path);
  if (target === undefined) return "target-missing";
  if ((target.kind === "directory") === (content.kind === "directory")) return undefined;
  return kept ? "state-kind" : "target-kind";
}

/** The table of section 5, "content" and "how it appears", and rule 3 for what is nested. */
function layOut(given: Given, found: ReadonlyMap<Row, Found>, parents: ReadonlyMap<Row, Row>) {
  const hindered = new Map<Row, string>();
  const root = given.image;
  const tmpfs = emptyDirectory("volatile");
  root.names.set(".statelite", emptyDirectory("volatile"));
  put(root, "/.statelite/tmpfs", tmpfs);
  if (given.state) put(root, "/.statelite/persistent/n01", given.state);
  for (const [n, source] of given.sources.entries())
    if (source) put(root, `/.statelite/mnt/s/${n + 1}`, source);
  const shown = new Map<Row, Inode>();
  for (const [row, { there, content, kept, names, around }] of found) {
    const parent = parents.get(row);
    const above = parent && shown.get(parent);
    if (parent !== undefined && above === undefined) {
      hindered.set(row, "parent-failed");
      continue;
    }
    const obstacle = parent && above && whatIsInTheWay(row, parent, above, content);
    if (obstacle !== undefined) {
      hindered.set(row, obstacle);
      continue;
    }
    const without = [...found.keys()]
      .filter((other) => within(other.path, row.path))
      .map((other) => other.path.slice(row.path.length + 1));
    const made = ((): Inode => {
      if (row.what === "ro" || kept) return content;
      // Inside its parent's copy a symlink stays one, as everything there.
      const insideCopy = isCopy(row) && parent !== undefined && isCopy(parent);
      return clone(
        insideCopy && row.what === "copy" && !row.directory ? there : content,
        zoneOf(row),
        without,
      );
    })();
    const node = around ?? made;
    shown.set(row, node);
    const own = ownTree(row, given);
    if (around !== undefined) merge(around, made);
    else if (own !== undefined && !kept) put(own, row.path, node);
    // As a name that only a symlink with ".." can tell: the volatile copy lies in tmpfs, too.
    if (isCopy(row) && !row.link && !(parent && isCopy(parent)))
      put(tmpfs, placeOf(given.image, row.path), node);
    const isLinked = row.link && !isCopy(row) && above === undefined;
    if (isLinked) {
      const text = relative(
        `.statelite/tmpfs${row.path}`,
        whereItIs(row, { there, content, kept, names }, given),
      );
      put(tmpfs, row.path, { kind: "symlink", zone: "volatile", text });
    } else if (own !== undefined && parent?.what === row.what)
      continue; // It lies in its parent's place already.
    else if (row.link) put(tmpfs, row.path, node);
    else if (above === undefined) put(root, placeOf(given.image, row.path), node);
    else if (parent !== undefined && above.kind === "directory") {
      put(above, row.path.slice(parent.path.length), node);
    }
  }
  return { root, hindered };
}

/** What was kept from earlier boots is not removed for the sake of a row below it, and its symlinks are not followed. */
function whatIsInTheWay(row: Row, parent: Row, above: Inode, content: Inode): string | undefined {
  if (above.kind !== "directory" || isCopy(parent)) return undefined;
  const there = find(above, row.path.slice(parent.path.length), false);
  if (there === undefined) return undefined;
  if (parent.what === row.what) return there.kind === "symlink" ? "op-bind" : undefined;
  const fits = content.kind === "directory" ? there.kind === "directory" : there.kind === "file";
  return fits ? undefined : "op-mountpoint";
}

/** Section 2: where the trees are on a running node. Links of a tree lead inside that tree, so they are behind it. */
function whereItIs(row: Row, { names: [winner = ""], kept }: Found, given: Given): string {
  if (row.what === "persistent") {
    const path = kept && given.state ? realPath(given.state, row.path) : row.path;
    return `.statelite/persistent/n01${path}`;
  }
  if (winner === "default") return `${realPath(given.image, `/.default${row.path}`)}`.slice(1);
  const number = Number(winner.split(" ")[1]);
  const source = given.sources[number - 1];
  return `.statelite/mnt/s/${number}${source && realPath(source, row.path)}`;
}

function relative(from: string, to: string): string {
  return path.posix.relative(path.posix.dirname(`/${from}`), `/${to}`);
}

function zoneOf(row: Row): Zone {
  return row.what === "persistent" ? "state" : row.what === "localdisk" ? "disk" : "volatile";
}
