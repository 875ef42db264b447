import type { LitefileRow } from "../xcat/tables.ts";
import { formatLocation, type Location } from "./layout.ts";

/** One step of a plan. Each carries the row that caused it, and can say itself in one line. */
export type Op = OpBase &
  (
    | {
        readonly kind: "copy";
        readonly from: Location;
        /** The last component of `from` is followed where it is a symlink. */
        readonly follow: boolean;
        readonly to: Location;
        /** Paths below the copy that have entries of their own, relative to it. */
        readonly exclude: readonly string[];
      }
    /** As a copy, but complete or not there at all, and on stable storage when it is done. */
    | {
        readonly kind: "seed";
        readonly from: Location;
        readonly follow: boolean;
        readonly to: Location;
        readonly exclude: readonly string[];
        /** `to` is there, and nothing that it holds is changed: only what it lacks comes in. */
        readonly merge: boolean;
        /** `to` is there, is still what an earlier boot has seeded, and goes once the new one is whole. */
        readonly replaces?: true;
      }
    /** A directory of the state or a local disk was there as a whole: an empty file at `at` says so from now on. */
    | { readonly kind: "remember"; readonly at: Location }
    /** A directory to write to whose content stays where it is, in place of a copy of it. */
    | {
        readonly kind: "overlay";
        readonly from: Location;
        readonly to: Location;
        /** Keeps what is written; a directory of its own, not there yet. */
        readonly upper: Location;
        readonly exclude: readonly string[];
      }
    | { readonly kind: "concatenate"; readonly from: readonly Location[]; readonly to: Location }
    | { readonly kind: "symlink"; readonly at: Location; readonly text: string }
    /** An empty file or directory with the attributes of `like`, for a bind mount to be put on. */
    | {
        readonly kind: "mountpoint";
        readonly at: Location;
        readonly directory: boolean;
        readonly like: Location;
      }
    | {
        readonly kind: "bind";
        readonly from: Location;
        readonly target: Location;
        readonly readonly: boolean;
        /** The last component of `target` is followed where it is a symlink of the image. */
        readonly follow: boolean;
      }
  );

interface OpBase {
  readonly row: LitefileRow;
}

export type OpKind = Op["kind"];

/** The line in `statelite.log`, the line of a dry run, and the head of an error. */
export function formatOp(op: Op): string {
  return `${operation(op)}  # ${op.row.options} ${op.row.path}`;
}

function without(exclude: readonly string[]): string {
  return exclude.length > 0 ? ` without ${exclude.join(", ")}` : "";
}

function operation(op: Op): string {
  switch (op.kind) {
    case "copy":
      return `copy ${formatLocation(op.from)} -> ${formatLocation(op.to)}${without(op.exclude)}`;
    case "seed": {
      const around = op.merge ? ", around what is there" : op.replaces ? ", in place of an earlier seed" : "";
      return `seed ${formatLocation(op.from)} -> ${formatLocation(op.to)}${around}${without(op.exclude)}`;
    }
    case "remember":
      return `remember ${formatLocation(op.at)}`;
    case "overlay": {
      const layers = `${formatLocation(op.from)} below ${formatLocation(op.upper)}`;
      return `overlay ${layers} -> ${formatLocation(op.to)}${without(op.exclude)}`;
    }
    case "concatenate":
      return `concatenate ${op.from.map(formatLocation).join(" + ")} -> ${formatLocation(op.to)}`;
    case "symlink":
      return `symlink ${formatLocation(op.at)} -> ${op.text}`;
    case "mountpoint":
      return `mountpoint ${formatLocation(op.at)}${op.directory ? "/" : ""}`;
    case "bind":
      return `bind ${op.readonly ? "read-only " : ""}${formatLocation(op.from)} -> ${formatLocation(op.target)}`;
    default:
      return op satisfies never;
  }
}
