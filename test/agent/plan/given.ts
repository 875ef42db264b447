import type { Case } from "./cases.ts";
import { build, clone, type Directory, emptyDirectory, find, type Inode, placeOf, put } from "./memory.ts";
import type { Given } from "./oracle.ts";

/** The case as inodes, made anew each time: what is carried out changes them. */
export function givenBy(some: Case): Given {
  return {
    rows: [...some.litefile, ...some.late],
    overlay: some.overlay,
    image: prepared(some),
    sources: some.sources.map((source, n) =>
      some.unavailable.includes(n) ? undefined : build(source, "source"),
    ),
    ...(some.state && { state: build(some.state, "state") }),
    ...(some.disk && { disk: build(some.disk, "disk") }),
  };
}

/** What liteimg makes of an image: links' content moved to `/.default`, all else copied there, what is missing made. */
function prepared({ image: tree, litefile }: Case): Directory {
  const image = build(tree, "image");
  put(image, "/.default", emptyDirectory("image"));
  const rows = litefile
    .map(({ options, path }) => ({
      link: isLink(options),
      path: path.replace(/\/$/, ""),
      directory: path.endsWith("/"),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { link, path, directory } of rows) {
    const inside = link && rows.some((other) => other.link && path.startsWith(`${other.path}/`));
    const place = inside ? `/.default${path}` : placeOf(image, path);
    const content = find(image, place, false) ?? empty(directory);
    put(image, place, content);
    if (!link || inside) continue;
    put(image, `/.default${path}`, content);
    put(image, place, { kind: "symlink", zone: "image", text: linkText(place, path) });
  }
  for (const { link, path } of rows) {
    const content = link ? undefined : find(image, path);
    if (content !== undefined) put(image, `/.default${path}`, clone(content, "image"));
  }
  return image;
}

function isLink(options: string): boolean {
  return options.startsWith("link") || options === "tmpfs,rw";
}

function empty(directory: boolean): Inode {
  return directory ? emptyDirectory("image") : { kind: "file", zone: "image", text: "" };
}

function linkText(place: string, path: string): string {
  const up = place.split("/").slice(2).fill("..").join("/");
  return `${up || "."}/.statelite/tmpfs${path}`;
}
