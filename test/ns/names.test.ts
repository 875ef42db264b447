import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { formatProblem } from "../../agent/errors.ts";
import { checkHarmless } from "../fuzz/shapes.ts";
import { makeNode } from "./node.ts";

/** Names that would write on a console what its owner did not say: they arrive as they are, and are shown otherwise. */

const CLEAR = "\x1b[2J";
const NAMES = [`a${CLEAR}`, "b\nerror: forged", "c\r", "d\u202egnp.exe", "e\u009b31m", "f\xff", " g ", "-rf"];

/** Bytes, one of the names not being UTF-8. */
const bytesOf = (directory: string, name: string) =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, name.includes("\xff") ? "latin1" : "utf8")]);

test("files of every odd name are copied, and nothing that is said of them can act on a terminal", async () => {
  await using node = await makeNode({
    litefile: ["tmpfs /d/", "persistent /p/", "con /c"],
    image: { "d/x": "", "p/x": "", c: "image\n" },
    sources: [{}],
    state: {},
    arrange: ({ source }) => {
      for (const directory of [`${source(1)}/d`, `${source(1)}/p`]) {
        mkdirSync(directory, { recursive: true });
        for (const name of NAMES) writeFileSync(bytesOf(directory, name), "odd\n");
      }
      createServer()
        .listen(`${source(1)}/d/s${CLEAR}`)
        .unref();
    },
    late: [`tmpfs /late${CLEAR}`, `ro /late\u202e`, "tmpfs /two\nlines", `tmpfs /${"n".repeat(256)}/x`],
  });
  expect(node.shell("cat /d/* /p/* | wc -l; ls -A /d | wc -l")).toBe(`${2 * NAMES.length}\n${NAMES.length}`);
  expect(node.problems.map(({ code }) => code).sort()).toEqual([
    "litefile-path",
    "litefile-path",
    "unresolved",
    "unresolved",
  ]);
  for (const problem of node.problems) checkHarmless(formatProblem(problem));
  for (const line of node.log) checkHarmless(line);
  expect(node.log.join("\n")).toContain("s\\x1b[2J: a socket, left out");
});
