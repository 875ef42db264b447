import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listTree, makeImage } from "./support/image.ts";

const main = join(import.meta.dir, "../../server-stub/main.ts");
const header = "#image,file,options,comments,disable\n";
const first = `${header}ALL,/etc/,tmpfs\nALL,/etc/mtab,link\nALL,/srv/,link\nALL,/opt/,tmpfs\n`;
const second = `${header}ALL,/etc/,tmpfs\nALL,/etc/mtab,link\nALL,/srv/a/,link\nALL,/opt/,link\nALL,/new/x,tmpfs\n`;
const deadline = 20_000;

/** Two states of the table between which everything moves, and enough files for a run to be cut off within a copy. */
function makeSite(): ReturnType<typeof makeImage> & { readonly tables: string } {
  const image = makeImage({ "etc/mtab": "the one and only", "srv/b": "B", "opt/d": "D" });
  for (const folder of ["etc/many", "srv/a", "opt/e"]) {
    mkdirSync(join(image.root, folder), { recursive: true });
    for (let number = 0; number < 150; number += 1)
      writeFileSync(join(image.root, folder, `file${number}`), `${folder} ${number}`);
  }
  const tables = join(image.base, "tables");
  mkdirSync(tables);
  return { ...image, tables };
}

function start(site: ReturnType<typeof makeSite>, table: string) {
  writeFileSync(join(site.tables, "litefile.csv"), table);
  return Bun.spawn([process.execPath, main, "liteimg", "--tables", site.tables, "--root", site.root], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    timeout: deadline,
  });
}

/** Kills it when it has said so many lines and a moment more, which may be after its end. */
async function killAfter(child: ReturnType<typeof start>, lines: number, moment: number): Promise<void> {
  let seen = 0;
  const enough = Promise.withResolvers<void>();
  const read = (async () => {
    for await (const bytes of child.stdout) {
      seen += bytes.filter((byte) => byte === 10).length;
      if (seen >= lines) enough.resolve();
    }
    enough.resolve();
  })();
  await enough.promise;
  await Bun.sleep(moment);
  child.kill("SIGKILL");
  await Promise.all([child.exited, read]);
}

test("killed at any moment and run again, it ends as if it had never been interrupted", async () => {
  using whole = makeSite();
  for (const table of [first, second]) expect(await start(whole, table).exited).toBe(0);
  const expected = listTree(whole.root);
  expect(expected[".default/etc/mtab"]).toBe("file 644 the one and only");
  for (let trial = 0; trial < 5; trial += 1) {
    using site = makeSite();
    expect(await start(site, first).exited).toBe(0);
    for (const lines of [0, 3 * trial]) await killAfter(start(site, second), lines, Math.random() * 8);
    const last = start(site, second);
    expect(await last.exited).toBe(0);
    expect(listTree(site.root)).toEqual(expected);
    expect(await new Response(start(site, second).stdout).text()).toContain(" 0 changes;");
    rmSync(`${site.root}.liteimg.json`);
  }
}, 60_000);
