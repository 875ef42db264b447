import { describe, expect, test } from "bun:test";
import { droppedFor, droppedRows, formatDropped } from "../../../agent/rows/dropped.ts";
import { litefileRows, litetreeRows } from "../../../agent/rows/rows.ts";
import { tableSet } from "../../server-stub/support/tables.ts";

const osimage = '#imagename,groups\n"img","g1,g2"\n"bare",""\n';

/** `image options`, one row for one path. */
function winner(rows: readonly string[], image: string) {
  const lines = rows.map((row) => `"${row.split(" ")[0]}","/x","${row.split(" ")[1]}"`);
  const set = tableSet({ osimage, litefile: `#image,file,options\n${lines.join("\n")}\n` });
  const row = litefileRows(set, image).find(({ file }) => file === "/x");
  return row && [row.options, row.origin?.place, ...(row.origin?.insteadOf ?? []).map(({ image }) => image)];
}

describe("which litefile row of a path applies", () => {
  test.each<[string, readonly string[], string, readonly (string | undefined)[] | undefined]>([
    ["the image's own", ["img ro"], "img", ["ro", "litefile.csv line 2"]],
    ["another image's is none", ["other ro"], "img", undefined],
    ["the image's name beats ALL", ["img ro", "ALL con"], "img", ["ro", "litefile.csv line 2", "ALL"]],
    ["in any order", ["ALL con", "img ro"], "img", ["ro", "litefile.csv line 3", "ALL"]],
    ["ALL beats the groups", ["ALL con", "g1,g2 ro"], "img", ["con", "litefile.csv line 2", "g1,g2"]],
    ["all three", ["g1,g2 a", "ALL b", "img c"], "img", ["c", "litefile.csv line 4", "ALL", "g1,g2"]],
    ["one group of two is none", ["g1 ro"], "img", undefined],
    ["an image without groups has none", [" ro"], "bare", undefined],
    ["of two the same the later", ["ALL con", "ALL ro"], "img", ["ro", "litefile.csv line 3", "ALL"]],
  ])("%s", (_, rows, image, expected) => {
    expect(winner(rows, image)).toEqual(expected as ReturnType<typeof winner>);
  });

  test("/x and /x/ are two paths, in the order of their bytes", () => {
    const set = tableSet({ litefile: "#image,file,options\nALL,/x/,ro\nALL,/x-,con\nALL,/x,tmpfs\n" });
    expect(litefileRows(set, "img").map(({ file }) => file)).toEqual(["/etc/mtab", "/x", "/x-", "/x/"]);
  });
});

const COLLIDING = `#priority,image,directory
1,,mn:/any
1,ALL,mn:/all
1,img,mn:/own
2,img,mn:/two
2.0,img,mn:/two-again
3,other,mn:/other
3,img,mn:/three
4,img,
`;

describe("litetree rows with one priority", () => {
  const set = tableSet({ litetree: COLLIDING, litefile: "#image,file,options\n,/x,ro\nALL,,ro\n" });

  test("one of them reaches a node, the one that fits its image best", () => {
    expect(litetreeRows(set, "img").map(({ directory }) => directory)).toEqual([
      ...["mn:/own", "mn:/two", "mn:/two-again", "mn:/three"],
    ]);
    expect(litetreeRows(set, "bare").map(({ directory }) => directory)).toEqual(["mn:/all"]);
  });

  test("the others are named, those of other images left out", () => {
    expect(droppedFor(set, "img").map(formatDropped)).toEqual([
      "litefile.csv line 2: no image is named, so the row applies to none; write ALL for all of them",
      "litefile.csv line 3: no file is named; name one, or remove the row",
      "litetree.csv line 9: no directory is named; name one, or remove the row",
      "litetree.csv line 3: not used: litetree.csv line 4 has the same priority; give each row a priority of its own",
      "litetree.csv line 2: not used: litetree.csv line 4 has the same priority; give each row a priority of its own",
      "litetree.csv line 6: litetree.csv line 5 has an equal priority; which comes first is undefined; give each row a priority of its own",
    ]);
  });

  test("without an image every pair that could collide is named", () => {
    const places = droppedRows(set).map(({ place }) => place);
    expect(places.filter((place) => place.startsWith("litetree"))).toEqual(
      [9, 3, 4, 6, 8].map((line) => `litetree.csv line ${line}`),
    );
  });
});
