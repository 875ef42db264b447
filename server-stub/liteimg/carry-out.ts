import { closeSync, mkdirSync, openSync, renameSync, symlinkSync } from "node:fs";
import { fatal } from "../../agent/errors.ts";
import { Anchors } from "./anchors.ts";
import { refuseMounts, removeTree } from "./mounts.ts";
import { formatOp, type Op } from "./ops.ts";
import { replaceWhole } from "./swap.ts";
import type { ImageTree } from "./tree.ts";

/**
 * Does one op.
 *
 * @throws BootError with the op and what the kernel said
 */
export function carryOut(tree: ImageTree, op: Op): void {
  using anchors = new Anchors(tree);
  try {
    step(tree, anchors, op);
  } catch (error) {
    const found = anchors.spell(error instanceof Error ? error.message : String(error));
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

function step(tree: ImageTree, anchors: Anchors, op: Op): void {
  const path = anchors.at(op.path);
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
      refuseMounts(tree.real(op.from));
      renameSync(anchors.at(op.from), path);
      return;
    case "remove":
      removeTree(path, tree.real(op.path));
      return;
    case "copy":
      copy(tree, anchors.at(op.from), op);
      return;
    default:
      op satisfies never;
  }
}

function copy(tree: ImageTree, from: string, op: Op & { readonly kind: "copy" }): void {
  replaceWhole(tree, op, (path) => {
    const cp = Bun.spawnSync(["cp", "-aT", "--", from, path], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    if (!cp.success) throw new Error(`cp: ${cp.stderr.toString().trim()}`);
  });
}
