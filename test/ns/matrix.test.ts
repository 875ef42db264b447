import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { makeNode, type Node } from "./node.ts";
import type { Tree } from "./trees.ts";

/**
 * Semantics section 5 row by row: every option, for a file and for a directory, with content in each set of places
 * that can have it. One node has them all; what a process on it finds is compared with what the table says.
 */

const OPTIONS = [
  ...["tmpfs", "link", "link,ro", "ro", "con", "link,con", "persistent", "link,persistent", "localdisk"],
  ...["overlay", "link,overlay"],
] as const;
type Option = (typeof OPTIONS)[number];

/** Where content may be: two sources, the default, and what the node has kept. */
const PLACES = ["one", "two", "default", "kept"] as const;
type Place = (typeof PLACES)[number];

interface Entry {
  readonly option: Option;
  readonly directory: boolean;
  readonly has: readonly Place[];
  /** Without the slash of a directory. */
  readonly path: string;
}

const entries: readonly Entry[] = OPTIONS.flatMap((option) =>
  [false, true].flatMap((directory) =>
    subsets(PLACES)
      .filter((has) => isKept(option) || !has.includes("kept"))
      // Of a directory, con makes no sense: rules of their own try that.
      .filter(() => !(directory && option.endsWith("con")))
      .map((has): Entry => {
        const name = `${directory ? "directory" : "file"}-${has.join("-") || "nowhere"}`;
        return { option, directory, has, path: `/m/${option}/${name}` };
      }),
  ),
);

function subsets<T>(items: readonly T[]): T[][] {
  const [first, ...others] = items;
  if (first === undefined) return [[]];
  return subsets(others).flatMap((set) => [set, [first, ...set]]);
}

function isKept(option: Option): boolean {
  return option.endsWith("persistent") || option === "localdisk";
}

/** What the table of section 5 says that a process finds. */
function expected({ option, has, directory, path }: Entry): string {
  const sources = has.filter((place) => place === "one" || place === "two");
  const order: readonly Place[] = isKept(option)
    ? ["kept", "one", "two", "default"]
    : ["one", "two", "default"];
  const winners =
    option.endsWith("con") && sources.length > 0
      ? sources
      : order.filter((place) => has.includes(place)).slice(0, 1);
  if (winners.length === 0) return `${path} unresolved`;
  const content = winners.map((place) => `${place} ${option}`).join("+");
  const writable = option.endsWith("ro") ? "read-only" : "writable";
  const kept = isKept(option) ? (option === "localdisk" ? "disk" : "state") : "nowhere";
  return `${path} ${directory ? "directory" : "file"} ${content} ${writable} written-to-${kept}`;
}

function tree(place: Place, of: (entry: Entry) => boolean = () => true): Tree {
  const some = entries.filter((entry) => entry.has.includes(place) && of(entry));
  return Object.fromEntries(
    some.map(({ path, directory, option }) => [
      `${path.slice(1)}${directory ? "/x" : ""}`,
      `${place} ${option}\n`,
    ]),
  );
}

/** What a shell on the node finds, in the same words. */
const LOOK = `look() {
  if [ -d "$1" ]; then kind=directory; f="$1/x"; else kind=file; f="$1"; fi
  content=""; while read -r line; do content="$content\${content:++}$line"; done <"$f"
  if e=$(touch "$f" 2>&1); then w=writable; else w=read-only; fi
  to=nowhere
  if [ "$w" = writable ]; then
    echo written >"$f"
    for t in state:/.statelite/persistent/n01 disk:/.sllocal/localmnt; do
      if grep -qs written "\${t#*:}$f"; then to=\${t%%:*}; fi
    done
  fi
  echo "$1 $kind $content $w written-to-$to"
}
`;

let node: Node;
let found: ReadonlyMap<string, string>;
beforeAll(async () => {
  const line = ({ option, path, directory }: Entry) => `${option} ${path}${directory ? "/" : ""}`;
  node = await makeNode({
    litefile: entries.map(line),
    image: tree("default"),
    sources: [tree("one"), tree("two")],
    state: tree("kept", ({ option }) => option !== "localdisk"),
    localDisk: tree("kept", ({ option }) => option === "localdisk"),
    // What the image lacks liteimg makes, to be mounted on or empty by default: here it has no default at all.
    spoil: (image) => {
      for (const { has, path } of entries)
        if (!has.includes("default")) rmSync(join(image, ".default", path), { recursive: true });
    },
  });
  const unresolved = node.problems.map(({ code, row }) => `${row?.path.replace(/\/$/, "")} ${code}`);
  const placed = entries.filter(({ path }) => !unresolved.some((line) => line.startsWith(`${path} `)));
  const said = node.shell(`${LOOK}${placed.map(({ path }) => `look ${path}`).join("\n")}`).split("\n");
  found = new Map([...unresolved, ...said].map((line) => [line.split(" ")[0] ?? "", line]));
}, 30_000);
afterAll(() => node[Symbol.asyncDispose]());

describe("each option, file and directory, wherever its content is", () => {
  test.each(entries.map((entry) => [`"${entry.option}" ${entry.path.split("/").at(-1)}`, entry] as const))(
    "%s",
    (_, entry) => {
      expect(found.get(entry.path)).toBe(expected(entry));
    },
  );
});

test("no source and no default was written to", () => {
  expect(node.shell("grep -rl written /.statelite/mnt /.default")).toBe("");
});
