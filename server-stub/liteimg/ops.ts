import { printable } from "../../agent/errors.ts";

/** One change to the image. Paths are absolute inside it, and none has a symlink among its parents. */
export type Op = { readonly row: string } & (
  | { readonly kind: "make-directory"; readonly path: string }
  | { readonly kind: "make-file"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "move"; readonly from: string; readonly path: string }
  /** Makes `path` a copy of `from`, all attributes kept; `keep`, below `path`, stays as it is. */
  | { readonly kind: "copy"; readonly from: string; readonly path: string; readonly keep: readonly string[] }
  | { readonly kind: "remove"; readonly path: string }
);

/** One line: what is done, and the row that wants it. */
export function formatOp(op: Op): string {
  return printable(`${describe(op)}    # ${op.row}`);
}

function describe(op: Op): string {
  switch (op.kind) {
    case "make-directory":
      return `mkdir ${op.path}`;
    case "make-file":
      return `create ${op.path}`;
    case "link":
      return `link ${op.path} -> ${op.target}`;
    case "move":
      return `move ${op.from} to ${op.path}`;
    case "copy":
      return `copy ${op.from} to ${op.path}${op.keep.length > 0 ? ` but ${op.keep.join(" ")}` : ""}`;
    case "remove":
      return `remove ${op.path}`;
    default:
      return op satisfies never;
  }
}
