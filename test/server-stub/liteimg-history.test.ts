import { expect, test } from "bun:test";
import fc from "fast-check";
import { BootError } from "../../agent/errors.ts";
import { prepareImage } from "../../server-stub/liteimg/prepare.ts";
import { type Layout, listTree, makeImage, rows } from "./support/image.ts";

const paths = ["a", "a/b", "a/b/c", "d", "d/e", "f"];
const options = ["tmpfs", "link", "persistent", "link,persistent", "ro", "link,con"];

/** Files, directories and symlinks, some of which lead nowhere or around. */
const layouts: fc.Arbitrary<Layout> = fc
  .subarray(paths)
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((path) =>
        fc
          .constantFrom<Layout[string][]>(
            "content",
            "/",
            { link: "/f" },
            { link: "nowhere" },
            { link: "../d" },
            { link: "/d/e" },
            { link: "/a" },
          )
          .map((what) => [path, what] as const),
      ),
    ),
  )
  .map((pairs) => {
    const layout: Record<string, Layout[string]> = {};
    for (const [path, what] of pairs) {
      // Only a directory can have something below it.
      const blocked = Object.keys(layout).some((p) => path.startsWith(`${p}/`) && layout[p] !== "/");
      if (!blocked) layout[path] = what;
    }
    return layout;
  });

const tables = fc
  .subarray(paths)
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map((path) =>
        fc.tuple(fc.constantFrom(...options), fc.boolean()).map(([o, d]) => `${o} /${path}${d ? "/" : ""}`),
      ),
    ),
  )
  .map((lines) => rows(...lines));

const quietly = (): void => {};

/**
 * Without what was copied for a symlink that both tables make a link entry: that stays as other rows of the first one
 * had made what the symlink leads to.
 */
function withoutCopies(root: string, layout: Layout, tables: readonly ReturnType<typeof rows>[]): object {
  const isCopied = (path: string): boolean =>
    Object.entries(layout).some(
      ([name, what]) =>
        typeof what === "object" &&
        path.startsWith(`.default/${name}`) &&
        tables.every((table) =>
          table.some(
            ({ file, options: o }) => o.startsWith("link") && file.replace(/\/$/, "") === `/${name}`,
          ),
        ),
    );
  return Object.fromEntries(Object.entries(listTree(root)).filter(([path]) => !isCopied(path)));
}

/** False where the rows are refused. */
async function accepts(root: string, table: ReturnType<typeof rows>): Promise<boolean> {
  try {
    await prepareImage(root, table, quietly);
    return true;
  } catch (error) {
    if (error instanceof BootError) return false;
    throw error;
  }
}

test("what an image was before does not show in what its rows make of it", async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(layouts, tables, tables, async (layout, first, second) => {
      using image = makeImage(layout);
      using fresh = makeImage(layout);
      const original = listTree(image.root);
      if (!(await accepts(image.root, first)) || !(await accepts(fresh.root, second))) return;
      compared += 1;
      expect(await accepts(image.root, second)).toBe(true);
      const both = [first, second];
      expect(withoutCopies(image.root, layout, both)).toEqual(withoutCopies(fresh.root, layout, both));
      expect(await accepts(image.root, [])).toBe(true);
      const own = [".default", ".statelite", ".statelite/tmpfs"];
      const left = Object.entries(listTree(image.root)).filter(([path]) => !own.includes(path));
      expect(Object.fromEntries(left)).toEqual(original);
    }),
    {
      numRuns: 400,
      // A symlink that led nowhere before a row made what it names.
      examples: [
        [
          { f: "content", a: { link: "../d" } },
          rows("link,persistent /a", "link /d/e"),
          rows("tmpfs /a", "link,con /d/e"),
        ],
        // A directory that a row made, and that another row is for something in.
        [{}, rows("link,persistent /d/"), rows("link /d/", "link /d/e")],
        // One that led to another that led nowhere, before a row put a file in the place of that.
        [
          { "a/b": { link: "/f" }, d: "content", f: { link: "/d/e" } },
          rows("tmpfs /f"),
          rows("tmpfs /a/b", "tmpfs /f"),
        ],
      ],
    },
  );
  expect(compared).toBeGreaterThan(50);
}, 60_000);
