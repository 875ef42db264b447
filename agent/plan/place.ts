import type { Settings } from "../cmdline/options.ts";
import type { Problem } from "../errors.ts";
import type { Candidate } from "./candidate.ts";
import { keepsLink } from "./candidates.ts";
import type { Choice } from "./choose.ts";
import { type Entry, rowProblem } from "./entry.ts";
import { type OwnTrees, remedyForKept } from "./kept.ts";
import { followLink, formatLocation, joinPath, LAYOUT, type Location, ownDirectory } from "./layout.ts";
import { type NodeKind, type Observed, resolved, type Target } from "./observation.ts";

/** How an entry appears at its path. */
export type Placement = "bind" | "link" | "inside parent";

/** An entry that the plan can carry out. */
export interface Placed {
  readonly entry: Entry;
  readonly candidates: readonly Candidate[];
  /** What the content comes from: one candidate, several for `con`, the state itself where it is there. */
  readonly winners: readonly Candidate[];
  /** Where the content is once it is placed. */
  readonly content: Location;
  readonly placement: Placement;
  /** It is seeded into a directory that is kept already, around what that one holds. */
  readonly merge: boolean;
  /** It is seeded in place of what is kept. */
  readonly replaces?: boolean;
  /** Where what is written to it is kept, when it is shown through an overlay and not copied. */
  readonly upper?: Location;
  /** After the links of the image, those that liteimg made left out. */
  readonly canonical: string;
  /** The nearest placed entry above. */
  readonly parent?: Placed;
}

/** A choice, and where in the image it is placed. */
export interface Located extends Choice {
  readonly at: string;
}

/** What decides a place beside the entry itself. */
export interface Placing extends OwnTrees {
  /** How directories with `tmpfs` or `link` get their content, where their row does not say. */
  readonly tmpfs: Settings["tmpfs"];
}

/**
 * Decides where the content goes and how it appears, or why it cannot.
 * @param number of the entries placed before, for a name of its own
 */
export function place(
  choice: Located,
  parent: Placed | undefined,
  placing: Placing,
  number: number,
): Placed | Problem {
  const { entry, winners, candidates, target } = choice;
  const content = contentLocation(choice, parent, placing);
  if (content === undefined) return missingTree(entry);
  const overlaid = isOverlaid(choice, parent, placing.tmpfs);
  const placement = placementOf(entry, content, parent, overlaid);
  const placed: Placed = {
    entry,
    candidates,
    winners,
    content,
    placement,
    merge: choice.merge === true,
    ...(choice.replaces === true && { replaces: true }),
    ...(overlaid && { upper: { tree: LAYOUT.overlay, path: `/${number}` } }),
    canonical: choice.at,
    ...(parent && { parent }),
  };
  return (parent === undefined ? targetProblem(placed, target) : undefined) ?? placed;
}

/** Only a directory can be shown through an overlay; anything else is copied, which looks the same. */
function isOverlaid(
  { entry, winners }: Choice,
  parent: Placed | undefined,
  tmpfs: Settings["tmpfs"],
): boolean {
  const asked = entry.overlay || (tmpfs === "overlay" && entry.directory);
  if (!asked || (entry.option !== "tmpfs" && entry.option !== "link")) return false;
  const there = winners[0]?.observed;
  const shown = there && followsLink({ entry, parent }) ? resolved(there) : there;
  return shown?.kind === "directory";
}

function contentLocation(
  { entry, winners, target, at }: Located,
  parent: Placed | undefined,
  trees: OwnTrees,
): Location | undefined {
  switch (entry.option) {
    case "persistent":
      return trees.state === undefined ? undefined : { tree: trees.state, path: entry.path };
    case "link,persistent":
      if (trees.state === undefined) return undefined;
      // Below a parent it is mounted, and the mount is made inside the tree.
      return parent === undefined && winners[0]?.location.tree === trees.state
        ? realLocation(winners[0])
        : { tree: trees.state, path: entry.path };
    case "localdisk":
      return trees.localDisk === undefined ? undefined : { tree: trees.localDisk, path: entry.path };
    case "ro":
      return winners[0]?.location;
    case "link,ro":
      return winners[0] && realLocation(winners[0]);
    case "tmpfs":
    case "con":
      return {
        tree: LAYOUT.tmpfs,
        path: parent !== undefined && liesInCopy(parent) ? pathInside(parent, at) : target.canonical,
      };
    case "link":
    case "link,con":
      // The image's symlink names this path, whatever links lie above it.
      return { tree: LAYOUT.tmpfs, path: entry.path };
  }
}

/** An absolute link of a source means the source's own root: a symlink on the node has to lead past it. */
function realLocation({ location, observed }: Candidate): Location {
  return { tree: location.tree, path: observed?.real ?? location.path };
}

function missingTree(entry: Entry): Problem {
  if (entry.option === "localdisk") {
    return rowProblem(
      entry.row,
      "localdisk-none",
      "this node has no local disk mounted at /.sllocal/localmnt",
      "set up the partition file and PARTITION_* on the kernel command line, or change the option",
    );
  }
  return rowProblem(
    entry.row,
    "state-none",
    "this node has no persistent area: STATEMNT is empty or absent",
    "give the node a row in the statelite table and run nodeset again, or change the option",
  );
}

function placementOf(
  entry: Entry,
  content: Location,
  parent: Placed | undefined,
  overlaid: boolean,
): Placement {
  switch (entry.option) {
    case "tmpfs":
      // The bind of the parent shows its file system alone, without what is mounted below it.
      return liesInCopy(parent) && !overlaid ? "inside parent" : "bind";
    case "link":
    case "link,con":
      return liesInCopy(parent) && content.tree === LAYOUT.tmpfs ? "inside parent" : "link";
    case "link,ro":
      return "link";
    case "link,persistent":
      return parent === undefined ? "link" : "bind";
    case "ro":
    case "con":
    case "persistent":
    case "localdisk":
      return "bind";
  }
}

/** Where something of the image is in the content of what covers it. */
export function pathInside({ content, canonical }: Placed, path: string): string {
  return joinPath(content.path, path.slice(canonical.length));
}

/** Whether the content of what lies above is in the tmpfs, where a child can be put into it. */
function liesInCopy(parent: Placed | undefined): boolean {
  return parent?.content.tree === LAYOUT.tmpfs;
}

/**
 * Whether the content is what is behind a winner that is a symlink. Where it only becomes part of a directory's
 * copy, or of what the image's own symlink leads to, a symlink stays one (rule 5).
 */
export function followsLink({
  entry,
  parent,
}: Pick<Placed, "entry"> & { parent?: Placed | undefined }): boolean {
  if (entry.option !== "tmpfs" && entry.option !== "link") return true;
  return entry.directory || (!keepsLink(entry) && !liesInCopy(parent));
}

/** Whether the content is what an earlier boot has left in the node's own state or local disk. */
export function wasKept({ entry, winners, content }: Placed): boolean {
  const own = entry.option.endsWith("persistent") || entry.option === "localdisk";
  return own && winners[0]?.location.tree === content.tree;
}

/** What the content will be, for the mount point's sake. */
export function contentIsDirectory(placed: Placed): boolean {
  return observedKind(placed.winners[0]?.observed) === "directory";
}

function observedKind(observed: Observed | undefined): NodeKind | undefined {
  return observed && (resolved(observed) ?? observed).kind;
}

/** Rule 7: whether the image has what the entry needs at its path. */
function targetProblem(placed: Placed, target: Target): Problem | undefined {
  const { entry } = placed;
  const again = "run liteimg for this image again, then boot the node again";
  if (placed.placement === "link") {
    const wanted = joinPath(LAYOUT.tmpfs, entry.path);
    if (target.linkText !== undefined && followLink(target.canonical, target.linkText) === wanted)
      return undefined;
    const kind = target.kind === undefined ? "nothing" : `a ${target.kind}`;
    const is = target.linkText === undefined ? kind : `a symlink to ${target.linkText}`;
    return rowProblem(
      entry.row,
      "target-missing",
      `the image has ${is} there, a symlink to ${wanted} was wanted`,
      again,
    );
  }
  const forbidden = leadsToForbidden(entry, target);
  if (forbidden !== undefined) return forbidden;
  if (target.kind === undefined) {
    const dangling =
      target.linkText === undefined
        ? ""
        : `: ${target.canonical} is a symlink to ${target.linkText}, which leads nowhere`;
    return rowProblem(
      entry.row,
      "target-missing",
      `the image has nothing there to mount on${dangling}`,
      again,
    );
  }
  const directory = contentIsDirectory(placed);
  if ((target.kind === "directory") === directory) return undefined;
  if (wasKept(placed)) {
    const is = `${formatLocation(placed.content)} is a ${directory ? "directory" : "file"}, the image has a ${target.kind} there`;
    return rowProblem(entry.row, "state-kind", is, remedyForKept(entry));
  }
  const found = `the image has a ${target.kind} there, the content is a ${directory ? "directory" : "file"}`;
  return rowProblem(entry.row, "target-kind", found, `make both the same; ${again}`);
}

/** What no row may name, it may not reach by a link of the image either: what is mounted there hides all of it. */
function leadsToForbidden({ row }: Entry, { canonical, behind = canonical }: Target): Problem | undefined {
  const own = ownDirectory(behind);
  if (own === undefined && behind !== "/") return undefined;
  const what = own === undefined ? "the root directory itself" : `${own}, which belongs to the agent`;
  const remedy = "remove the row from litefile, or the link from the image";
  return rowProblem(row, "litefile-path", `by a link of the image it leads to ${what}`, remedy);
}
