import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import invariant from "tiny-invariant";
import { built } from "../../qemu/paths.ts";
import { prepare } from "../../qemu/prepare.ts";
import { type Benchmark, formatMs, median } from "./benchmark.ts";

const SOURCES = [1, 2, 3, 4, 5];
const OPTIONS = ["tmpfs", "ro", "con", "persistent"];
const ROUNDS = 5;

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Tables with so many rows, an image that has all of them, and five sources with so many files in all. */
function makeSite(folder: string, rows: number, files: number): void {
  const path = (row: number) => `/etc/d${row % 100}/f${row}.conf`;
  const litefile = Array.from({ length: rows }, (_, row) => `"ALL","${path(row)}","${OPTIONS[row % 4]}",,`);
  for (let row = 0; row < rows; row++)
    for (const top of ["image", "image/.default"]) write(join(folder, top, path(row)), "from the image\n");
  // Each source has other files: some rows find theirs in the first, some in none but the image.
  for (const source of SOURCES)
    for (let file = 0; file < files / SOURCES.length; file++)
      write(
        join(folder, `source${source}`, path((file + (source * rows) / 2) % (4 * rows))),
        "from a source\n",
      );
  write(join(folder, "image/.default/etc/mtab"), "");
  symlinkSync("/.statelite/tmpfs/etc/mtab", join(folder, "image/etc/mtab"));
  const tables = {
    litefile: ["#image,file,options,comments,disable", ...litefile],
    litetree: ["#priority,image,directory", ...SOURCES.map((source) => `${source},,mn:/source${source}`)],
    nodelist: ["#node,groups", "n01,all"],
    nodetype: ["#node,os,arch,profile,provmethod", "n01,linux,x86_64,c,compute"],
    statelite: ["#node,image,statemnt", "n01,,mn:/state"],
  };
  for (const [name, lines] of Object.entries(tables))
    write(join(folder, `tables/${name}.csv`), `${lines.join("\n")}\n`);
}

function measure(folder: string): number {
  const sources = SOURCES.flatMap((source) => ["--source", `mn:/source${source}=source${source}`]);
  const started = performance.now();
  const { success, stderr } = Bun.spawnSync(
    [built.agent, "plan", "--root", "image", "--tables", "tables", "--node", "n01", ...sources],
    { cwd: folder, stdout: "ignore" },
  );
  const took = performance.now() - started;
  invariant(success, `the plan has problems: ${stderr.toString()}`);
  return took;
}

const plan: Benchmark = {
  name: "plan",
  about:
    "`statelite-agent plan` from a folder of tables, as a whole process: 2,000 rows, 5 sources and 20,000 files, " +
    "against a tenth of each.",
  async run() {
    await prepare();
    const folder = mkdtempSync(join(tmpdir(), "statelite-bench-"));
    try {
      const sites = { small: join(folder, "small"), large: join(folder, "large") };
      makeSite(sites.small, 200, 2000);
      makeSite(sites.large, 2000, 20_000);
      const times = { small: [] as number[], large: [] as number[] };
      for (let round = 0; round < ROUNDS; round++)
        for (const size of ["small", "large"] as const) times[size].push(measure(sites[size]));
      const [small, large] = [median(times.small), median(times.large)];
      return {
        columns: ["rows", "files in 5 sources", "time", "an entry"],
        rows: [
          ["200", "2,000", formatMs(small), formatMs(small / 200)],
          ["2,000", "20,000", formatMs(large), formatMs(large / 2000)],
        ],
        goals: [
          {
            wanted: "2,000 rows in under 2 s",
            found: `${formatMs(large)}, ${(large / small).toFixed(1)} times the time of a tenth`,
            held: large < 2000,
          },
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default plan;
