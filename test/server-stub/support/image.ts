import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { SourceRow } from "../../../server-stub/liteimg/entries.ts";

/** An image as `path -> what is there`: text of a file, `{ link }`, or `"/"` for a directory. */
export type Layout = Readonly<Record<string, string | { readonly link: string }>>;

/** A directory for one test, with an image in it; removed when the test ends: `using image = makeImage(…)`. */
export interface TestImage extends Disposable {
  /** The directory around the image: what is "outside". */
  readonly base: string;
  readonly root: string;
}

export function makeImage(layout: Layout): TestImage {
  const base = mkdtempSync(join(tmpdir(), "statelite-image-"));
  const root = join(base, "rootimg");
  mkdirSync(root);
  for (const [path, content] of Object.entries(layout)) {
    const place = join(root, path);
    mkdirSync(content === "/" ? place : dirname(place), { recursive: true });
    if (typeof content !== "string") symlinkSync(content.link, place);
    else if (content !== "/") writeFileSync(place, content);
  }
  return { base, root, [Symbol.dispose]: () => rmSync(base, { recursive: true }) };
}

/** Everything below a directory: path to type, permissions and content. */
export function listTree(root: string, below = ""): Record<string, string> {
  const list: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const place = join(root, path);
    const stats = lstatSync(place);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) list[path] = `link ${readlinkSync(place)}`;
    else if (stats.isDirectory()) Object.assign(list, { [path]: `directory ${mode}` }, listTree(root, path));
    else list[path] = `file ${mode} ${readFileSync(place, "latin1")}`;
  }
  return list;
}

/** `"tmpfs /etc/motd"` and so on to rows; their origin is their number. */
export function rows(...lines: readonly string[]): SourceRow[] {
  return lines.map((line, index) => {
    const [options = "", ...file] = line.split(" ");
    return { options, file: file.join(" "), origin: `row ${index + 1}` };
  });
}
