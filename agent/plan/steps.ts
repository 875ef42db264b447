import { formatLocation, LAYOUT, relativeLink } from "./layout.ts";
import type { Op } from "./op.ts";
import { contentIsDirectory, followsLink, type Placed, pathInside } from "./place.ts";

/** The ops that carry out what was decided about one entry. */

/** The ops that make the content, without showing it yet. `exclude` are the paths of placed entries below. */
export function contentOps(placed: Placed, exclude: readonly string[]): Op[] {
  const { entry, content } = placed;
  const { row } = entry;
  const [winner] = placed.winners;
  const ops: Op[] = [];
  if (winner === undefined) return ops;
  const point = mountpoint(placed);
  if (point !== undefined) ops.push(point);
  switch (entry.option) {
    case "tmpfs":
    case "link": {
      const [from, { upper }] = [winner.location, placed];
      if (upper !== undefined) ops.push({ kind: "overlay", row, from, to: content, upper, exclude });
      else ops.push({ kind: "copy", row, from, follow: followsLink(placed), to: content, exclude });
      break;
    }
    case "persistent":
    case "link,persistent":
    case "localdisk":
      if (winner.location.tree !== content.tree) {
        const how = { merge: placed.merge, ...(placed.replaces && { replaces: true as const }) };
        ops.push({ kind: "seed", row, from: winner.location, follow: true, to: content, exclude, ...how });
      }
      if (placed.placement === "link") ops.push(symlink(placed));
      break;
    case "con":
    case "link,con":
      ops.push({ kind: "concatenate", row, from: placed.winners.map((w) => w.location), to: content });
      break;
    case "link,ro":
      ops.push(symlink(placed));
      break;
    case "ro":
      break;
    default:
      entry.option satisfies never;
  }
  return ops;
}

/** The ops that show the content at the entry's path. */
export function bindOps(placed: Placed): Op[] {
  if (placed.placement !== "bind") return [];
  const { entry, content: from, canonical, parent } = placed;
  const target = { tree: "/", path: canonical };
  // Below a parent the target is in that one's content: a symlink there may be a node's own doing.
  const follow = parent === undefined;
  return [{ kind: "bind", row: entry.row, from, target, readonly: entry.option === "ro", follow }];
}

function symlink(placed: Placed): Op {
  const at = { tree: LAYOUT.tmpfs, path: placed.entry.path };
  const text = relativeLink(formatLocation(at), formatLocation(placed.content));
  return { kind: "symlink", row: placed.entry.row, at, text };
}

/** Below a parent that is a copy the image's own target is hidden: the copy needs one. */
function mountpoint(placed: Placed): Op | undefined {
  const { parent, winners, content } = placed;
  const [winner] = winners;
  if (parent === undefined || placed.placement !== "bind" || winner === undefined) return undefined;
  const path = pathInside(parent, placed.canonical);
  const at = { tree: parent.content.tree, path };
  if (at.tree === content.tree && at.path === content.path) return undefined;
  return {
    kind: "mountpoint",
    row: placed.entry.row,
    at,
    directory: contentIsDirectory(placed),
    like: winner.location,
  };
}
