import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { reportSchema } from "../../agent/report/schema.ts";
import { run } from "../../qemu/command.ts";
import { built } from "../../qemu/paths.ts";
import { prepare } from "../../qemu/prepare.ts";
import { startServer, type TestServer } from "../server-stub/support/server.ts";
import { type Benchmark, formatMs, median } from "./benchmark.ts";

const COUNTS = [20, 100, 500, 2000] as const;
const ROUNDS = 5;
const WORK = ["plan", "apply", "verify"];

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function pathOf(entry: number): string {
  return `/etc/conf.d/${entry % 20}/file${entry}.conf`;
}

/** An image with so many files, each a `tmpfs` entry: a copy and a bind mount. */
function makeSite(folder: string, entries: number): void {
  const paths = Array.from({ length: entries }, (_, entry) => pathOf(entry));
  for (const path of [...paths, "/etc/mtab"]) {
    write(join(folder, "image", path), "");
    write(join(folder, "image/.default", path), `the default of ${path}\n`);
  }
  mkdirSync(join(folder, "image/.statelite"));
  const tables = {
    litefile: [
      "#image,file,options",
      '"ALL","/etc/mtab","tmpfs"',
      ...paths.map((path) => `"ALL","${path}","tmpfs"`),
    ],
    nodelist: ["#node,groups", "n01,all"],
    nodetype: ["#node,os,arch,profile,provmethod", "n01,linux,x86_64,c,compute"],
    policy: ["#priority,commands,rule", '"1","litefile","allow"', '"2","litetree","allow"'],
  };
  for (const [name, lines] of Object.entries(tables))
    write(join(folder, `tables/${name}.csv`), `${lines.join("\n")}\n`);
  write(join(folder, "paths"), paths.map((path) => `${path}\n`).join(""));
}

/** Runs a command on the image mounted read-only, as a boot sees it; what it mounts goes with its namespace. */
async function onRoot(folder: string, command: string): Promise<void> {
  const script = [
    "mkdir -p root",
    "mount --bind image root",
    "mount -o remount,bind,ro root",
    command,
    "cp root/.statelite/report.json . 2>/dev/null || true",
  ];
  const enter = ["unshare", "--mount", "--propagation", "private", "sh", "-e", "-c", script.join("\n")];
  await run(enter, { seconds: 120, cwd: folder });
}

function applyCommand(server: TestServer): string {
  const cmdline = `XCAT=127.0.0.1:${server.port} NODE=n01 statelite.tls=insecure`;
  return `${built.agent} apply --root root --cmdline "${cmdline}" >/dev/null`;
}

/** Milliseconds of planning, placing and verifying. */
async function timeAgent(folder: string, server: TestServer): Promise<number> {
  await onRoot(folder, applyCommand(server));
  const report = reportSchema.parse(JSON.parse(readFileSync(join(folder, "report.json"), "utf8")));
  return report.phases
    .filter(({ name }) => WORK.includes(name))
    .reduce((sum, { start, end = Number.NaN }) => sum + end - start, 0);
}

/** What a script does for each file: three programs started. */
const SCRIPT = `mount -t tmpfs tmpfs root/.statelite
while read -r path; do
  mkdir -p "root/.statelite/tmpfs$(dirname "$path")"
  cp -a "root/.default$path" "root/.statelite/tmpfs$path"
  mount --bind "root/.statelite/tmpfs$path" "root$path"
done <paths`;

async function timeScript(folder: string): Promise<number> {
  const started = performance.now();
  await onRoot(folder, SCRIPT);
  return performance.now() - started;
}

/** System calls of all threads from start to end. */
async function countCalls(folder: string, server: TestServer): Promise<number> {
  await onRoot(folder, `strace --follow-forks --summary-only --output=calls ${applyCommand(server)}`);
  const total = /^100\.00\s.*?(\d+)\s+(?:\d+\s+)?total$/m.exec(readFileSync(join(folder, "calls"), "utf8"));
  return Number(total?.[1]);
}

interface Measured {
  readonly entries: number;
  readonly agent: number;
  readonly script: number;
  readonly calls: number;
}

async function measure(folder: string, entries: number): Promise<Measured> {
  makeSite(folder, entries);
  const server = await startServer(join(folder, "tables"), { "127.0.0.1": "n01" });
  try {
    const times = { agent: [] as number[], script: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.agent.push(await timeAgent(folder, server));
      times.script.push(await timeScript(folder));
    }
    const calls = await countCalls(folder, server);
    return { entries, agent: median(times.agent), script: median(times.script), calls };
  } finally {
    await server.stop();
  }
}

const entries: Benchmark = {
  name: "entries",
  about:
    "Small files, each a `tmpfs` entry (a copy and a bind mount), in a mount namespace. The agent's time is that of " +
    "its phases plan, apply and verify; a script forks `mkdir`, `cp` and `mount` for each and verifies nothing. " +
    "System calls are those of the whole `apply`, less those of the smallest table.",
  async run() {
    await prepare();
    const folder = mkdtempSync(join(tmpdir(), "statelite-bench-"));
    try {
      const measured: Measured[] = [];
      for (const count of COUNTS) measured.push(await measure(join(folder, String(count)), count));
      const [first, hundred, , most] = measured as [Measured, Measured, Measured, Measured];
      const each = ({ agent, entries }: Measured) => agent / entries;
      const calls = ({ calls, entries }: Measured) => (calls - first.calls) / (entries - first.entries);
      const growth = each(most) / each(hundred);
      return {
        columns: ["entries", "agent", "an entry", "calls an entry", "script", "script / agent"],
        rows: measured.map((m) => [
          String(m.entries),
          formatMs(m.agent),
          formatMs(each(m)),
          m === first ? "" : calls(m).toFixed(1),
          formatMs(m.script),
          (m.script / m.agent).toFixed(1),
        ]),
        goals: [
          {
            wanted: "an entry of 2,000 takes at most 1.3 times as long as one of 100",
            found: `${growth.toFixed(2)} times`,
            held: growth <= 1.3,
          },
          {
            wanted: "fewer than 60 system calls an entry",
            found: calls(most).toFixed(1),
            held: calls(most) < 60,
          },
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default entries;
