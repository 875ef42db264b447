import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCsv } from "../../agent/rows/csv.ts";
import { litefileRows } from "../../agent/rows/rows.ts";
import { prepareImage } from "../../server-stub/liteimg/prepare.ts";
import { type Layout, listTree, makeImage, rows } from "./support/image.ts";

const golden = join(import.meta.dir, "../golden/liteimg");
const quietly = (): void => {};

/** `path -> type, mode, link target`, as the golden lists have it. */
function readList(name: string): Map<string, readonly string[]> {
  const lines = readFileSync(join(golden, name), "utf8").trimEnd().split("\n");
  return new Map(lines.map((line) => [line.split("\t")[0] ?? "", line.split("\t").slice(1)]));
}

function goldenImage(): ReturnType<typeof makeImage> {
  const image = makeImage({});
  for (const [path, [type, mode = "", target = ""]] of readList("before.tsv")) {
    const place = join(image.root, path);
    if (type === "d") mkdirSync(place, { recursive: true });
    else if (type === "f") writeFileSync(place, `content of ${path}`);
    else symlinkSync(target, place);
    if (type !== "l") chmodSync(place, Number.parseInt(mode, 8));
  }
  return image;
}

function goldenRows(): ReturnType<typeof rows> {
  const { table } = parseCsv(
    "litefile",
    readFileSync(join(golden, "litefile.csv"), "latin1"),
    "litefile.csv",
  );
  const tables = new Map(table === undefined ? [] : [["litefile", table]]);
  return litefileRows({ tables }, "").map((row) => ({ ...row, origin: row.origin?.place ?? "always" }));
}

/** A tree in the form of the golden lists. */
function asList(root: string): Map<string, readonly string[]> {
  const list = new Map<string, readonly string[]>([["", ["d", "755", ""]]]);
  for (const [path, what] of Object.entries(listTree(root))) {
    const [kind, rest = ""] = what.split(/ (.*)/s);
    if (kind === "link") list.set(path, ["l", "777", rest]);
    else list.set(path, [kind === "directory" ? "d" : "f", rest.split(" ")[0] ?? "", ""]);
  }
  return list;
}

describe("the golden image", () => {
  test("becomes what xCAT's liteimg made of it, by the real command", () => {
    using image = goldenImage();
    const tables = mkdtempSync(join(tmpdir(), "statelite-tables-"));
    writeFileSync(join(tables, "litefile.csv"), readFileSync(join(golden, "litefile.csv")));
    const main = join(import.meta.dir, "../../server-stub/main.ts");
    const run = (...options: string[]): string => {
      const child = Bun.spawnSync([
        process.execPath,
        main,
        "liteimg",
        "--root",
        image.root,
        "--tables",
        tables,
        ...options,
      ]);
      expect(child.stderr.toString()).toBe("");
      expect(child.exitCode).toBe(0);
      return child.stdout.toString();
    };
    const planned = run("--dry-run");
    expect(asList(image.root)).toEqual(readList("before.tsv"));
    const done = run();
    expect(done).toStartWith(planned);
    expect(asList(image.root)).toEqual(readList("after.tsv"));
    expect(run()).toContain(" 0 changes;");
    rmSync(tables, { recursive: true });
  });

  test("is as before when all rows have left the table", async () => {
    using image = goldenImage();
    const before = listTree(image.root);
    await prepareImage(image.root, goldenRows(), quietly);
    await prepareImage(image.root, [], quietly);
    const after = Object.entries(listTree(image.root)).filter(
      ([path]) => !/^\.(default|statelite)(\/tmpfs)?$/.test(path),
    );
    expect(Object.fromEntries(after)).toEqual(before);
  });
});

describe("liteimg cut off after any op", () => {
  const layout: Layout = {
    "etc/a": "A",
    "etc/mtab": { link: "../proc/self/mounts" },
    "root/b": "B",
    "var/run": { link: "/run" },
    "var/c": "C",
    "opt/d": "D",
  };
  const first = rows(
    "link /etc/a",
    "link /etc/mtab",
    "link /root/",
    "link /root/new",
    "tmpfs /opt/",
    "tmpfs /srv/x/y",
  );
  const second = rows("tmpfs /etc/a", "link /root/b", "tmpfs /var/", "link /opt/d", "link /srv/x/y");

  /** Runs until the op of that number, gives how many there were. */
  async function cutOff(root: string, wanted: typeof first, limit: number): Promise<number> {
    let count = 0;
    await prepareImage(root, wanted, () => {
      count += 1;
      if (count === limit) throw new Error("cut off");
    }).catch((error: Error) => {
      if (error.message !== "cut off") throw error;
    });
    return count;
  }

  for (const [name, before] of [
    ["on a fresh image", []],
    ["on one prepared by other rows", first],
  ] as const) {
    test(`${name} goes on and ends as if it had not been`, async () => {
      const wanted = before === first ? second : first;
      using whole = makeImage(layout);
      await prepareImage(whole.root, before, quietly);
      const count = await cutOff(whole.root, wanted, Number.POSITIVE_INFINITY);
      const expected = listTree(whole.root);
      expect(count).toBeGreaterThan(15);
      for (let cut = 1; cut < count; cut += 1) {
        using image = makeImage(layout);
        await prepareImage(image.root, before, quietly);
        expect(await cutOff(image.root, wanted, cut)).toBe(cut);
        await prepareImage(image.root, wanted, quietly);
        expect(listTree(image.root)).toEqual(expected);
      }
    }, 30_000);
  }

  test("other rows, in one step or by way of others, make the same image", async () => {
    using direct = makeImage(layout);
    await prepareImage(direct.root, second, quietly);
    using detour = makeImage(layout);
    for (const wanted of [first, second, [], first, second]) await prepareImage(detour.root, wanted, quietly);
    expect(listTree(detour.root)).toEqual(listTree(direct.root));
  });
});

describe("illegal rows are refused, both named, and nothing is changed", () => {
  const pairs: readonly (readonly [string, string, string])[] = [
    ["link /root/", "tmpfs /root/a", "below a link directory only link options are possible"],
    ["link /root/", "tmpfs /root/a/b/c", "below a link directory only link options are possible"],
    ["link /root/", "link,ro /root/a", "link,ro is not possible below a link directory"],
    ["tmpfs /root/", "link /root/a", "below a directory without link no link option is possible"],
    ["persistent /root/", "tmpfs /root/a", "below a persistent directory all must be persistent"],
    ["link,persistent /root/", "link /root/a", "below a persistent directory all must be persistent"],
    ["ro /root/", "ro /root/a", "nothing can be below ro or con"],
    ["link,ro /root/", "link /root/a", "nothing can be below ro or con"],
    ["tmpfs /root/a", "link //root//a/", "the same path with different options"],
  ];
  for (const [parent, child, found] of pairs) {
    test(`${parent} and ${child}`, async () => {
      using image = makeImage({ "root/a": "content" });
      const before = listTree(image.base);
      await expect(prepareImage(image.root, rows(child, parent), quietly)).rejects.toThrow(found);
      const named = prepareImage(image.root, rows(child, parent), quietly);
      await expect(named).rejects.toThrow(/row 1: .*row 2: |row 2: .*row 1: /);
      expect(listTree(image.base)).toEqual(before);
    });
  }

  const single: readonly (readonly [string, string])[] = [
    ["con /etc/", "con on a directory"],
    ["wibble /etc/a", "unknown options"],
    ["tmpfs,required,optional /etc/a", "unknown options"],
    ["persistent,overlay /etc/a", "unknown options"],
    ["tmpfs etc/a", "not an absolute path"],
    ["tmpfs /", "the root itself"],
    ["tmpfs /etc/../../a", "a path with . or .."],
    ["tmpfs /etc/a\nb", "a path with a newline"],
    ["tmpfs /.default/etc/a", "a path of statelite's own"],
    ["link /.statelite/", "a path of statelite's own"],
    ["tmpfs /etc/file/", "the image has a file there"],
    ["tmpfs /etc/file/below", "is no directory"],
  ];
  for (const [row, found] of single) {
    test(JSON.stringify(row), async () => {
      using image = makeImage({ "etc/file": "content" });
      const before = listTree(image.root);
      await expect(prepareImage(image.root, rows(row), quietly)).rejects.toThrow(found);
      expect(listTree(image.root)).toEqual(before);
    });
  }

  test.each([
    ["tmpfs,required", "tmpfs"],
    ["optional,link", "link"],
    ["persistent,optional", "persistent"],
    ["required", "tmpfs"],
  ])("%s is %s to the image", async (words, plain) => {
    using one = makeImage({ "etc/a": "A" });
    using other = makeImage({ "etc/a": "A" });
    await prepareImage(one.root, rows(`${words} /etc/a`), quietly);
    await prepareImage(other.root, rows(`${plain} /etc/a`), quietly);
    const list = (root: string) =>
      Object.entries(listTree(root)).filter(([path]) => !path.includes("liteimg"));
    expect(list(one.root)).toEqual(list(other.root));
    expect(list(one.root).length).toBeGreaterThan(3);
  });

  test("/etc/mtab is a link also below an /etc/ that is none", async () => {
    using image = makeImage({ "etc/mtab": { link: "../proc/self/mounts" }, "etc/a": "A" });
    await prepareImage(image.root, rows("tmpfs /etc/", "link /etc/mtab"), quietly);
    const first = listTree(image.root);
    expect(first["etc/mtab"]).toBe("link ../.statelite/tmpfs/etc/mtab");
    expect(first[".default/etc/mtab"]).toBe("file 644 ");
    expect(first[".default/etc/a"]).toBe("file 644 A");
    const changes: unknown[] = [];
    await prepareImage(image.root, rows("tmpfs /etc/", "link /etc/mtab"), (op) => changes.push(op));
    expect(changes).toEqual([]);
  });
});

describe("an image cannot lead liteimg out of itself", () => {
  // OUTSIDE stands for a directory of the management node, beside the image.
  const hostile: Readonly<Record<string, Layout>> = {
    "its /etc is an absolute link": { etc: { link: "OUTSIDE" } },
    "its /etc climbs": { etc: { link: "../outside" } },
    "its /etc climbs further": { etc: { link: "../../../../../../../OUTSIDE" } },
    "its /.default is a link": { ".default": { link: "OUTSIDE" }, "etc/motd": "m" },
    "its /.default/etc is a link": { ".default/etc": { link: "OUTSIDE" }, "etc/motd": "m" },
    "its /.statelite is a link": { ".statelite": { link: "OUTSIDE" }, "etc/motd": "m" },
    "its /.statelite/tmpfs is a link": { ".statelite/tmpfs": { link: "OUTSIDE" }, "etc/motd": "m" },
    "its /.statelite/tmpfs/etc is a link": { ".statelite/tmpfs/etc": { link: "OUTSIDE" }, "etc/motd": "m" },
    "an entry is a link": { "etc/motd": { link: "OUTSIDE/motd" }, "etc/issue": { link: "OUTSIDE" } },
    "it pretends to be prepared": {
      etc: { link: "./.statelite/tmpfs/etc" },
      ".default/etc": { link: "OUTSIDE" },
      ".statelite/tmpfs/etc": { link: "../.././.default/etc" },
    },
    "its half-done copy is a link": { ".default/.liteimg-new": { link: "OUTSIDE" }, "etc/motd": "m" },
  };
  for (const [name, layout] of Object.entries(hostile)) {
    for (const options of ["tmpfs", "link"]) {
      test(`${name} (${options})`, async () => {
        using image = makeImage({});
        const outside = join(image.base, "outside");
        mkdirSync(outside);
        writeFileSync(join(outside, "motd"), "the host's");
        const here = Object.entries(layout).map(([path, content]) => [
          path,
          typeof content === "string" ? content : { link: content.link.replace("OUTSIDE", outside) },
        ]);
        using target = makeImage(Object.fromEntries(here) as Layout);
        const before = listTree(outside);
        const run = rows(`${options} /etc/motd`, `${options} /etc/issue`, `${options} /etc/new/deep/`);
        await prepareImage(target.root, run, quietly).catch((error: Error) =>
          expect(error.name).toBe("BootError"),
        );
        await prepareImage(target.root, [], quietly).catch((error: Error) =>
          expect(error.name).toBe("BootError"),
        );
        expect(listTree(outside)).toEqual(before);
        const taken = Object.entries(listTree(target.root)).filter(([, what]) => what.includes("the host's"));
        expect(taken).toEqual([]);
      });
    }
  }

  test("a link in a circle is named, not followed for ever", async () => {
    using image = makeImage({ etc: { link: "etc2" }, etc2: { link: "etc" } });
    await expect(prepareImage(image.root, rows("tmpfs /etc/motd"), quietly)).rejects.toThrow(
      "leads to nothing in the image",
    );
  });
});

describe("symlinks of the image", () => {
  test("a parent that is one is followed as a node would see it", async () => {
    using image = makeImage({ "var/run": { link: "/run" }, "run/a": "A", "run/b": "B" });
    await prepareImage(
      image.root,
      rows("link /var/run/a", "tmpfs /var/run/b", "tmpfs /var/run/new"),
      quietly,
    );
    const tree = listTree(image.root);
    expect(tree["run/a"]).toBe("link ../.statelite/tmpfs/var/run/a");
    expect(readFileSync(join(image.root, "run/a"), "utf8")).toBe("A");
    expect(tree["run/b"]).toBe("file 644 B");
    expect(tree[".default/var/run/b"]).toBe("file 644 B");
    expect(tree["run/new"]).toBe("file 644 ");
  });

  test("an entry that is one has its content as default, and the symlink comes back", async () => {
    using image = makeImage({ "etc/a": { link: "../usr/a" }, "etc/b": { link: "/usr/a" }, "usr/a": "A" });
    const before = listTree(image.root);
    await prepareImage(image.root, rows("link /etc/a", "tmpfs /etc/b"), quietly);
    const tree = listTree(image.root);
    expect(tree[".default/etc/a"]).toBe("file 644 A");
    expect(tree[".default/etc/b"]).toBe("file 644 A");
    expect(tree["etc/a"]).toBe("link ../.statelite/tmpfs/etc/a");
    expect(tree["etc/b"]).toBe("link /usr/a");
    await prepareImage(image.root, [], quietly);
    expect(listTree(image.root)).toMatchObject(before);
  });

  test("one that leads to nothing makes way for an empty file or directory", async () => {
    using image = makeImage({ "etc/resolv.conf": { link: "../run/nothing" }, "etc/d": { link: "/run/no" } });
    await prepareImage(image.root, rows("tmpfs /etc/resolv.conf", "tmpfs /etc/d/"), quietly);
    expect(listTree(image.root)).toMatchObject({ "etc/resolv.conf": "file 644 ", "etc/d": "directory 755" });
  });

  test("two names of one place are refused", async () => {
    using image = makeImage({ "var/run": { link: "/run" }, "run/a": "A" });
    await expect(prepareImage(image.root, rows("tmpfs /run/a", "tmpfs /var/run/a"), quietly)).rejects.toThrow(
      "it is really /run/a, which belongs to row 1",
    );
  });
});

describe("an image that changes", () => {
  test("what a link entry's file became while linked is what comes back", async () => {
    using image = makeImage({ "etc/a": "old" });
    await prepareImage(image.root, rows("link /etc/a"), quietly);
    writeFileSync(join(image.root, "etc/a"), "edited through the links");
    await prepareImage(image.root, [], quietly);
    expect(listTree(image.root)["etc/a"]).toBe("file 644 edited through the links");
  });

  test("a package that replaced a link has the newest content", async () => {
    using image = makeImage({ "etc/a": "old" });
    await prepareImage(image.root, rows("link /etc/a"), quietly);
    rmSync(join(image.root, "etc/a"));
    writeFileSync(join(image.root, "etc/a"), "new");
    await prepareImage(image.root, rows("link /etc/a"), quietly);
    expect(listTree(image.root)).toMatchObject({
      "etc/a": "link ../.statelite/tmpfs/etc/a",
      ".default/etc/a": "file 644 new",
    });
  });

  test("without link the default follows the image, also in what was removed", async () => {
    using image = makeImage({ "etc/d/a": "old", "etc/d/b": "b" });
    await prepareImage(image.root, rows("tmpfs /etc/d/"), quietly);
    writeFileSync(join(image.root, "etc/d/a"), "newer");
    rmSync(join(image.root, "etc/d/b"));
    await prepareImage(image.root, rows("tmpfs /etc/d/"), quietly);
    expect(listTree(image.root)[".default/etc/d/a"]).toBe("file 644 newer");
    expect(existsSync(join(image.root, ".default/etc/d/b"))).toBe(false);
  });

  test("an image without its record is put back as well as its links tell", async () => {
    using image = makeImage({ "etc/a": "A", "root/b": "B" });
    const before = listTree(image.root);
    await prepareImage(image.root, rows("link /etc/a", "link /root/"), quietly);
    rmSync(`${image.root}.liteimg.json`);
    await prepareImage(image.root, [], quietly);
    expect(listTree(image.root)).toMatchObject(before);
  });

  test("copies keep owner, times and hard links", async () => {
    using image = makeImage({ "var/a": "A" });
    Bun.spawnSync(["sh", "-c", "ln a b; mkfifo p; touch -d 2001-02-03 a; truncate -s 1M hole"], {
      cwd: join(image.root, "var"),
    });
    await prepareImage(image.root, rows("tmpfs /var/"), quietly);
    const copy = (name: string) => lstatSync(join(image.root, ".default/var", name));
    expect(copy("a").ino).toBe(copy("b").ino);
    expect(copy("a").mtimeMs).toBe(lstatSync(join(image.root, "var/a")).mtimeMs);
    expect(copy("p").isFIFO()).toBe(true);
    expect(copy("hole").blocks).toBe(0);
  });
});
