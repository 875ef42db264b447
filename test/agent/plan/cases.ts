import fc from "fast-check";
import { build, type Directory, find, placeOf } from "./memory.ts";
import { judge } from "./oracle.ts";
import type { Tree } from "./world.ts";

/** Random tables and trees. Small alphabets: only what meets can disagree. */

export interface CaseRow {
  readonly options: string;
  readonly path: string;
}

export interface Case {
  /** Rows that liteimg has prepared the image for: legal ones. */
  readonly litefile: readonly CaseRow[];
  /** Rows that the server sends all the same. */
  readonly late: readonly CaseRow[];
  /** Before liteimg. `/l` is a symlink to a directory, which rows may lead through. */
  readonly image: Tree;
  readonly sources: readonly Tree[];
  /** Sources that cannot be mounted, by position from 0. */
  readonly unavailable: readonly number[];
  readonly state: Tree | undefined;
  readonly disk: Tree | undefined;
  /** `statelite.tmpfs=overlay`. */
  readonly overlay: boolean;
}

const OPTIONS = [
  ...["tmpfs", "rw", "link", "tmpfs,rw", "link,ro", "ro", "con", "link,con"],
  ...["persistent", "link,persistent", "localdisk", "overlay", "tmpfs,overlay", "link,overlay"],
];

const names = fc.constantFrom("a", "b", "a", "b", "c d");
const parts = fc.array(names, { minLength: 1, maxLength: 3 }).map((some) => `/${some.join("/")}`);
const path = fc.oneof(
  { weight: 6, arbitrary: parts },
  { weight: 1, arbitrary: parts.map((some) => `/l${some}`) },
);

const row = (options: readonly string[]): fc.Arbitrary<CaseRow> =>
  fc
    .record({
      options: fc.constantFrom(...options),
      path: fc.tuple(path, fc.constantFrom("", "/")).map((p) => p.join("")),
    })
    .map((line) => (line.options.endsWith("con") ? { ...line, path: plain(line.path) } : line));
const rows = (options: readonly string[]) => fc.array(row(options), { minLength: 1, maxLength: 8 });

/** Of all options, and of those that may lie below one another. */
const table = fc.oneof(
  rows(OPTIONS),
  rows(["tmpfs", "tmpfs", "overlay", "ro", "con", "persistent", "localdisk"]),
  rows(["link", "link", "link,overlay", "tmpfs,rw", "link,con", "link,persistent"]),
  rows(["persistent"]),
);

const odd: fc.Arbitrary<CaseRow> = fc.constantFrom(
  ...[
    ["tmpfs", "//a//b/"],
    ["ro", "/a/./b"],
    ["tmpfs", "a/b"],
    ["tmpfs", "/a/../b"],
    ["ro", "/"],
    ["tmpfs", "/a\nb"],
    ["wibble", "/a"],
    ["con", "/b/"],
    ["ro,link", "/b"],
    ["ro,overlay", "/b/"],
    ["", "/c d"],
  ].map(([options = "", where = ""]) => ({ options, path: where })),
);

const inode = fc.constantFrom(
  "file",
  "file",
  "file",
  "file",
  "directory",
  "-> /a",
  "-> b",
  "-> ../c d",
  "-> nowhere",
);

function tree(label: string): fc.Arbitrary<Tree> {
  return fc.array(fc.tuple(parts, inode), { maxLength: 8 }).map((lines) => {
    const value = (where: string, kind: string) =>
      kind === "file" ? `${label} ${where}\n` : kind === "directory" ? null : kind;
    return Object.fromEntries(lines.map(([where, kind]) => [where, value(where, kind)]));
  });
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });

export const cases: fc.Arbitrary<Case> = fc
  .record({
    litefile: fc.tuple(table, fc.array(odd, { maxLength: 1 })).map((both) => both.flat()),
    late: fc.array(row(OPTIONS), { maxLength: 1 }),
    image: tree("image"),
    link: fc.constantFrom("-> a", "-> /b", "-> a/b"),
    sources: fc
      .nat(3)
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, n) => tree(`source ${n + 1}`)))),
    unavailable: fc.array(fc.nat(3), { maxLength: 1 }),
    state: maybe(tree("state")),
    disk: maybe(tree("disk")),
    overlay: fc.boolean(),
  })
  .map(({ link, image, ...some }) => sensible({ ...some, image: { ...withoutLinks(image), "/l": link } }));

/** Leaves out what the semantics do not decide, and lets what liteimg would refuse come late. */
function sensible(some: Case): Case {
  const all = [...some.litefile, ...some.late];
  const hasBelow = ({ path: where }: CaseRow) =>
    all.some((other) => isBelow(plain(other.path), plain(where)));
  const withSlash = (line: CaseRow) =>
    hasBelow(line) && !line.options.includes("con") && plain(line.path) !== ""
      ? { ...line, path: `${line.path.replace(/\/+$/, "")}/` }
      : line;
  const leaf = (where: string) => !all.some((other) => isBelow(plain(other.path), where));
  // What is in the way of a row that lies deeper is tried by rows of a table, where the failure can be named.
  const openTree = (tree: Tree) =>
    Object.fromEntries(
      Object.entries(tree).filter(([where, value]) => value === null || leaf(where) || where === "/l"),
    );
  const image = build(openTree(some.image), "image");
  const litefile = some.litefile.map(withSlash).filter((line) => !isAlias(line, all, image));
  const problems = judge({ rows: litefile, overlay: false, image, sources: [] }).problems.filter((problem) =>
    problem.startsWith("litefile-"),
  );
  const seen = litefile.filter((line, n) => {
    const refused = problems.some((problem) => plain(problem).endsWith(` ${plain(line.path)}`));
    const again = litefile.findIndex((other) => plain(other.path) === plain(line.path)) < n;
    const dotted = /\/\.\.?(\/|$)/.test(line.path); // Which liteimg refuses altogether.
    return !refused && !again && !dotted && OPTIONS.includes(line.options) && isPreparable(line, image);
  });
  const unseen = litefile.filter((line) => !seen.includes(line));
  return {
    ...some,
    image: openTree(some.image),
    litefile: seen,
    late: [...unseen, ...some.late.filter((line) => !isAlias(line, all, image))],
    sources: some.sources.map(openTree),
    state: some.state && openTree(some.state),
    disk: some.disk && openTree(some.disk),
  };
}

/** Where a row leads through a link of a source there is none to say what happens: rows of their own try that. */
function withoutLinks(tree: Tree, unless: (path: string) => boolean = () => false): Tree {
  return Object.fromEntries(
    Object.entries(tree).filter(([where, value]) => !value?.startsWith("-> ") || unless(where)),
  );
}

/** Through the image's link it is, or lies in, what another row names: liteimg refuses that. */
function isAlias(line: CaseRow, all: readonly CaseRow[], image: Directory): boolean {
  if (!line.path.startsWith("/l/")) return false;
  const place = placeOf(image, plain(line.path));
  const clashes = (other: string) => other === place || isBelow(other, place) || isBelow(place, other);
  return all.some((other) => !plain(other.path).startsWith("/l/") && clashes(plain(other.path)));
}

/** The image has no file on the way, and none where a directory is wanted. */
function isPreparable(line: CaseRow, image: Directory): boolean {
  const steps = plain(line.path).split("/").slice(1);
  return steps.every((_, n) => {
    const above = `/${steps.slice(0, n + 1).join("/")}`;
    const there = find(image, above);
    const last = n === steps.length - 1;
    if (there === undefined && find(image, above, false)?.kind === "symlink") return false;
    return there === undefined || there.kind === "directory" || (last && !line.path.endsWith("/"));
  });
}

function plain(path: string): string {
  return path.replace(/\/+/g, "/").replace("/./", "/").replace(/\/$/, "");
}

function isBelow(path: string, above: string): boolean {
  return path.startsWith(`${above}/`);
}

/** The case as a person reads it. */
export function printCase(some: Case): string {
  const value = (text: string | null) => (text === null ? "(directory)" : JSON.stringify(text));
  const print = (label: string, tree: Tree | undefined) =>
    tree === undefined
      ? [`${label}: none`]
      : [`${label}:`, ...Object.entries(tree).map(([where, text]) => `  ${where}  ${value(text)}`)];
  const mounted = (n: number) => (some.unavailable.includes(n) ? " (not mounted)" : "");
  return [
    "litefile:",
    ...some.litefile.map(({ options, path: where }) => `  ${options.padEnd(16)} ${JSON.stringify(where)}`),
    ...some.late.map(
      ({ options, path: where }) => `  ${options.padEnd(16)} ${JSON.stringify(where)}  (unseen by liteimg)`,
    ),
    `statelite.tmpfs=${some.overlay ? "overlay" : "copy"}`,
    ...print("image", some.image),
    ...some.sources.flatMap((source, n) => print(`source ${n + 1}${mounted(n)}`, source)),
    ...print("state", some.state),
    ...print("local disk", some.disk),
  ].join("\n");
}
