import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Report, reportSchema } from "../../agent/report/schema.ts";
import { debianKernel } from "../../initramfs/kernel.ts";
import { type Lab, openLab } from "../../qemu/lab.ts";
import { REPORT_PORT } from "../../qemu/machine/arguments.ts";
import { built, out } from "../../qemu/paths.ts";
import { type Benchmark, formatMs, type Goal, median } from "./benchmark.ts";

interface Case {
  readonly name: string;
  readonly directories: number;
  readonly files: number;
  /** Bytes of each file. */
  readonly size: number;
  /** Milliseconds that netem adds to each packet that the node sends. */
  readonly delay: number;
  readonly rounds: number;
  /** How many times as fast as cp -a it is to be. */
  readonly goal: number;
}

const CASES: readonly Case[] = [
  { name: "many", directories: 50, files: 2000, size: 4096, delay: 1, rounds: 2, goal: 5 },
  { name: "far", directories: 25, files: 500, size: 4096, delay: 5, rounds: 2, goal: 10 },
  { name: "large", directories: 1, files: 1, size: 64 << 20, delay: 0, rounds: 3, goal: 1 },
];

const COPIED = z.object({
  kind: z.literal("copy"),
  name: z.string(),
  cp: z.number(),
  same: z.boolean(),
  agentCalls: z.number(),
  cpCalls: z.number(),
});
type Copied = z.infer<typeof COPIED> & { readonly agent: number };

const SOURCE = "/syncdirs/common";
const MOUNTED = `/.statelite/mnt/10.0.0.1${SOURCE}/bench`;

/** What the guest's script needs, in a folder that the node sees as part of a litetree source. */
async function fill(folder: string): Promise<void> {
  const { modulesDir } = await debianKernel(join(out, "kernel"), console.log);
  for (const program of [built.agent, built.server])
    cpSync(program, join(folder, program.slice(out.length + 1)));
  cpSync(join(modulesDir, "kernel/net/sched/sch_netem.ko"), join(folder, "sch_netem.ko"));
  for (const name of ["server.pem", "server.key"]) cpSync(join(out, "pki", name), join(folder, name));
  cpSync(join(import.meta.dirname, "guest/copy.sh"), join(folder, "copy.sh"));
  writeFileSync(join(folder, "hosts"), "127.0.0.1 n01\n");
  for (const some of CASES) makeCase(join(folder, "cases", some.name), some);
  const lines = CASES.map(({ name, delay, rounds }) => `${name} ${delay} ${rounds}\n`);
  writeFileSync(join(folder, "cases/list"), lines.join(""));
}

function makeCase(folder: string, { name, directories, files, size }: Case): void {
  for (let file = 0; file < files; file++) {
    const directory = join(folder, "tree/srv/bench", `d${file % directories}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, `file${file}`),
      crypto.getRandomValues(new Uint8Array(Math.min(size, 65536))),
    );
    if (size > 65536) Bun.spawnSync(["sh", "-c", `head -c ${size} /dev/urandom >'${directory}/file${file}'`]);
  }
  const tables = {
    litefile: ["#image,file,options", '"ALL","/srv/bench/","tmpfs"'],
    litetree: ["#priority,image,directory", `"1",,"10.0.0.1:${SOURCE}/bench/cases/${name}/tree"`],
    nodelist: ["#node,groups", "n01,all"],
    nodetype: ["#node,os,arch,profile,provmethod", "n01,linux,x86_64,c,compute"],
    policy: ["#priority,commands,rule", '"1","litefile","allow"', '"2","litetree","allow"'],
  };
  mkdirSync(join(folder, "tables"));
  for (const [table, lines] of Object.entries(tables))
    writeFileSync(join(folder, `tables/${table}.csv`), `${lines.join("\n")}\n`);
}

/** Boots a node with the script, and gathers what it says. */
async function measure(lab: Lab): Promise<Copied[]> {
  const n01 = lab.boot(
    "n01",
    {
      "systemd.run": `/bin/bash ${MOUNTED}/copy.sh ${MOUNTED} /dev/virtio-ports/${REPORT_PORT}`,
      "systemd.run_success_action": "none",
      "systemd.run_failure_action": "none",
    },
    { memory: 2048, processors: 4 },
  );
  await n01.reports.waitFor(
    (document): document is object => z.object({ kind: z.literal("done") }).safeParse(document).success,
    900,
  );
  const measured: Copied[] = [];
  let report: Report | undefined;
  for (const document of n01.reports.documents) {
    report = reportSchema.safeParse(document).data ?? report;
    const copied = COPIED.safeParse(document).data;
    if (copied !== undefined && report !== undefined)
      measured.push({ ...copied, agent: milliseconds(report) });
  }
  await n01.kill();
  return measured;
}

/** From the first look at the trees to the last bind mount. */
function milliseconds({ phases }: Report): number {
  const [plan, apply] = ["plan", "apply"].map((name) => phases.find((phase) => phase.name === name));
  return (apply?.end ?? Number.NaN) - (plan?.start ?? Number.NaN);
}

function row(some: Case, measured: readonly Copied[]): { cells: string[]; goals: Goal[] } {
  const of = measured.filter(({ name }) => name === some.name);
  const [agent, cp] = [median(of.map((m) => m.agent)), median(of.map((m) => m.cp))];
  const calls = (which: (m: Copied) => number) => (median(of.map(which)) / some.files).toFixed(1);
  const what = some.files > 1 ? `${some.files} files of ${some.size / 1024} KiB` : `${some.size >> 20} MiB`;
  const ratio = cp / agent;
  return {
    cells: [
      what,
      `${some.delay} ms`,
      formatMs(agent),
      formatMs(cp),
      ratio.toFixed(1),
      calls((m) => m.agentCalls),
      calls((m) => m.cpCalls),
    ],
    goals: [
      {
        wanted: `${what}, ${some.delay} ms: ${some.goal === 1 ? "no slower than cp -a" : `at least ${some.goal} times as fast as cp -a`}`,
        found: `${ratio.toFixed(2)} times, ${of.every(({ same }) => same) ? "the same content" : "DIFFERENT CONTENT"}`,
        held: ratio >= some.goal && of.length === some.rounds && of.every(({ same }) => same),
      },
    ],
  };
}

const copy: Benchmark = {
  name: "copy",
  about:
    "Copies from real NFS 4.2 into memory, in an emulated guest: all of the agent's phases plan and apply, against " +
    "`cp -a` of the same tree from the same mount in the same boot, caches dropped before each. The delay is netem's, " +
    "for each packet that the guest sends. A file cannot be had for fewer than three calls to the server: OPEN, READ, " +
    "CLOSE.",
  async run() {
    await using lab = await openLab({ name: "bench-copy", timed: true });
    const folder = join(lab.sources.common, "bench");
    mkdirSync(folder);
    await fill(folder);
    const measured = await measure(lab);
    const rows = CASES.map((some) => row(some, measured));
    return {
      columns: ["what", "delay", "agent", "cp -a", "cp / agent", "calls a file, agent", "cp"],
      rows: rows.map(({ cells }) => cells),
      goals: rows.flatMap(({ goals }) => goals),
    };
  },
};
export default copy;
