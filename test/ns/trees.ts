import { chmodSync, lchownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One inode of a tree that a test writes; a plain text is a file with it, `null` a directory. */
export type Item =
  | string
  | null
  | { readonly link: string }
  | {
      readonly text?: string;
      readonly mode?: number;
      readonly owner?: readonly [number, number];
      readonly mtime?: number;
    };

/** Paths relative to the tree's top, parents made where they are not named. */
export type Tree = Readonly<Record<string, Item>>;

/** Writes a tree below `top`, which is made. */
export function writeTree(top: string, tree: Tree): void {
  mkdirSync(top, { recursive: true });
  for (const [path, item] of Object.entries(tree)) {
    const place = join(top, path);
    mkdirSync(item === null ? place : dirname(place), { recursive: true });
    if (item === null) continue;
    if (typeof item === "string") writeFileSync(place, item);
    else if ("link" in item) symlinkSync(item.link, place);
    else writeItem(place, item);
  }
}

function writeItem(place: string, item: Exclude<Item, string | null | { link: string }>): void {
  if (item.text === undefined) mkdirSync(place, { recursive: true });
  else writeFileSync(place, item.text);
  if (item.owner !== undefined) lchownSync(place, item.owner[0], item.owner[1]);
  if (item.mode !== undefined) chmodSync(place, item.mode);
  if (item.mtime !== undefined) utimesSync(place, item.mtime, item.mtime);
}
