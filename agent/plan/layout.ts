/** Where things lie on a running node (semantics section 2), as paths inside the root. */

export const LAYOUT = {
  /** The agent's tmpfs. */
  statelite: "/.statelite",
  /** Volatile content, and the target of every `link` entry. */
  tmpfs: "/.statelite/tmpfs",
  /** What is written to directories that are shown through an overlay, each in one of its own. */
  overlay: "/.statelite/overlay",
  /** Above the node's state directory. */
  persistent: "/.statelite/persistent",
  /** Above the litetree sources. */
  sources: "/.statelite/mnt",
  /** The rows as received. */
  litefile: "/.statelite/litefile",
  litetree: "/.statelite/litetree",
  log: "/.statelite/statelite.log",
  report: "/.statelite/report.json",
  /** In the image: the copies that liteimg made. */
  defaults: "/.default",
  localDisk: "/.sllocal/localmnt",
} as const;

/** The node's own state directory. */
export function stateDirectory(node: string): string {
  return `${LAYOUT.persistent}/${node}`;
}

/** Which of the agent's own directories a path is, or lies in: no row may have it. */
export function ownDirectory(path: string): string | undefined {
  return [LAYOUT.statelite, LAYOUT.defaults].find((own) => path === own || isBelow(path, own));
}

/** Where a litetree source is mounted: `/.statelite/mnt/<server>/<dir>`. */
export function sourceDirectory(server: string, directory: string): string {
  return `${LAYOUT.sources}/${server}/${directory}`.replace(/\/+/g, "/").replace(/\/$/, "");
}

/**
 * A place inside a tree. Links met on the way to `path` are followed as if `tree` were the root directory,
 * so that what a source or a node's state contains cannot lead out of it.
 */
export interface Location {
  /** Path of the tree's top inside the root: `/` for the image, `/.statelite/tmpfs`, a source. */
  readonly tree: string;
  /** Absolute path inside the tree. */
  readonly path: string;
}

/** The location as one path inside the root, for people. */
export function formatLocation(location: Location): string {
  return joinPath(location.tree, location.path);
}

/** Joins without doubling slashes; `b` is taken as relative to `a`. */
export function joinPath(a: string, b: string): string {
  return `${a}/${b}`.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
}

/** A path by its components: one slash between two, none at the end. `..` stays what it is. */
export function normalPath(path: string): string {
  return `/${path
    .split("/")
    .filter((component) => component !== "" && component !== ".")
    .join("/")}`;
}

/** The directory part: `/etc` for `/etc/motd`, `/` for `/etc`. */
export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether `path` lies somewhere below `ancestor`; a path is not below itself. */
export function isBelow(path: string, ancestor: string): boolean {
  return path !== ancestor && path.startsWith(ancestor === "/" ? "/" : `${ancestor}/`);
}

/** The symlink text that leads from the link at `from` to `to`, both absolute: relative, so that it holds in any root. */
export function relativeLink(from: string, to: string): string {
  const base = parentPath(from).split("/").filter(Boolean);
  const goal = to.split("/").filter(Boolean);
  let same = 0;
  while (same < base.length && same < goal.length && base[same] === goal[same]) same++;
  return [...base.slice(same).map(() => ".."), ...goal.slice(same)].join("/") || ".";
}

/** Where a symlink at `link` with the text `text` leads, by names alone: `..` goes up what is written, not what is there. */
export function followLink(link: string, text: string): string {
  const parts: string[] = [];
  for (const part of (text.startsWith("/") ? text : `${parentPath(link)}/${text}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
