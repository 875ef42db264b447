import { closeSync, mkdirSync, openSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { fatal } from "../../agent/errors.ts";
import { formatOp, type Op } from "./ops.ts";
import type { ImageTree } from "./tree.ts";
import { within } from "./view.ts";

/** Names for a copy under way and for what it replaces; no entry can have them. */
const incoming = "/.default/.liteimg-new";
const outgoing = "/.default/.liteimg-old";

/** Removes what a run that was cut off left half copied. */
export function cleanUp(tree: ImageTree): void {
  for (const path of [incoming, outgoing])
    if (tree.isInside(tree.real(path))) rmSync(tree.real(path), { recursive: true, force: true });
}

/**
 * Does one op.
 *
 * @throws BootError with the op and what the kernel said
 */
export function carryOut(tree: ImageTree, op: Op): void {
  try {
    step(tree, op);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw fatal(
      "liteimg",
      {
        doing: "change the image",
        on: formatOp(op),
        found,
        remedy: "remove the cause and run liteimg again; it goes on from here",
      },
      error,
    );
  }
}

function step(tree: ImageTree, op: Op): void {
  const path = inside(tree, op.path);
  switch (op.kind) {
    case "make-directory":
      mkdirSync(path, { mode: 0o755 });
      return;
    case "make-file":
      closeSync(openSync(path, "wx", 0o644));
      return;
    case "link":
      symlinkSync(op.target, path);
      return;
    case "move":
      renameSync(inside(tree, op.from), path);
      return;
    case "remove":
      rmSync(path, { recursive: true });
      return;
    case "copy":
      copy(tree, inside(tree, op.from), op);
      return;
    default:
      op satisfies never;
  }
}

/** The copy is made aside and put in place as a whole: a node that boots meanwhile sees the old or the new. */
function copy(tree: ImageTree, from: string, op: Op & { readonly kind: "copy" }): void {
  const [to, fresh, old] = [op.path, incoming, outgoing].map((path) => inside(tree, path)) as [
    string,
    string,
    string,
  ];
  const cp = Bun.spawnSync(["cp", "-aT", "--", from, fresh], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  if (!cp.success) throw new Error(`cp: ${cp.stderr.toString().trim()}`);
  for (const kept of op.keep) {
    if (tree.look(kept).kind === "absent") continue;
    const place = tree.real(`${incoming}${kept.slice(op.path.length)}`);
    if (!within(kept, op.path) || !tree.isInside(place)) continue; // Its directory is gone from the image.
    rmSync(place, { recursive: true, force: true });
    renameSync(inside(tree, kept), place);
  }
  const replaces = tree.look(op.path).kind !== "absent";
  if (replaces) renameSync(to, old);
  renameSync(fresh, to);
  if (replaces) rmSync(old, { recursive: true });
}

/** The last word on never leaving the image, whatever the plan says. */
function inside(tree: ImageTree, location: string): string {
  const path = tree.real(location);
  if (tree.isInside(path)) return path;
  throw new Error(`${location} has a symlink, or something else that is no directory, on its way`);
}
