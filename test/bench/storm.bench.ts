import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Benchmark, formatMs } from "./benchmark.ts";
import { askers } from "./storm/asker.ts";
import type { Share, ShareResult } from "./storm/client.ts";
import { type MeasuredServer, startMeasured } from "./storm/server.ts";
import { makeSite } from "./storm/site.ts";

const NODES = 10_000;
const AT_ONCE = 500;
/** Processes that ask: many, as each serves its newest handshakes first, which nodes do not do to each other. */
const CLIENTS = 12;
const SIZES = [100, 1000, 10_000, 100_000];
/** Nodes that ask where only the size of the tables is of interest. */
const SAMPLE = 1000;

interface Storm {
  readonly answers: number;
  readonly seconds: number;
  /** Sorted, in milliseconds. */
  readonly times: readonly number[];
  readonly failed: number;
  readonly failures: readonly string[];
  /** Milliseconds of the server's processor time for each answer. */
  readonly cost: number;
  readonly memory: number;
}

/** Lets nodes ask, from processes of their own. */
async function storm(server: MeasuredServer, kind: string, nodes: number, atOnce: number): Promise<Storm> {
  const processes = CLIENTS;
  const each = Math.ceil(nodes / processes);
  const busy = server.processorTime();
  const began = performance.now();
  const results = await Promise.all(
    Array.from({ length: processes }, (_, index) => {
      const first = index * each;
      const share: Share = {
        ...{ kind, server: server.reached, first, nodes: Math.min(each, nodes - first) },
        atOnce: Math.ceil(atOnce / processes),
      };
      return takePart(share);
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  const times = results.flatMap((result) => result.times).sort((a, b) => a - b);
  return {
    ...{ answers: times.length, seconds, times, memory: server.peakMemory() },
    failed: results.reduce((sum, result) => sum + result.failed, 0),
    failures: results.flatMap((result) => result.failures),
    cost: (server.processorTime() - busy) / Math.max(1, times.length),
  };
}

async function takePart(share: Share): Promise<ShareResult> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dirname, "storm/client.ts"), JSON.stringify(share)],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit", timeout: 300_000, killSignal: "SIGKILL" },
  );
  return (await new Response(child.stdout).json()) as ShareResult;
}

function at(times: readonly number[], part: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN;
}

async function withSite<T>(nodes: number, work: (server: MeasuredServer) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "statelite-storm-"));
  try {
    await using server = await startMeasured(folder, makeSite(folder, nodes));
    return await work(server);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(
  what: string,
  nodes: number,
  { answers, seconds, times, cost, memory, failed }: Storm,
): string[] {
  return [
    ...[what, nodes.toLocaleString("en"), answers.toLocaleString("en"), (answers / seconds).toFixed(0)],
    ...[
      formatMs(at(times, 0.5)),
      formatMs(at(times, 0.99)),
      formatMs(cost),
      `${memory.toFixed(0)} MiB`,
      String(failed),
    ],
  ];
}

const benchmark: Benchmark = {
  name: "storm",
  about:
    "10,000 nodes boot at once: each asks from an address of its own (127.0.0.0/8) over new TLS 1.3 connections with an " +
    "ECDSA certificate, 500 at a time, litefile and then litetree, or everything at once by JSON; below it 1,000 nodes with tables of other sizes, 50 at " +
    "a time. Clients and server share the cores. A node's time is from its connection's begin to its answer's end; the " +
    "cost is the server's processor time.",
  async run() {
    const rows: string[][] = [];
    const storms: Storm[] = [];
    for (const kind of Object.keys(askers)) {
      const found = await withSite(NODES, (server) => storm(server, kind, NODES, AT_ONCE));
      for (const failure of found.failures) console.log(`failed: ${failure}`);
      storms.push(found);
      rows.push(row(kind, NODES, found));
    }
    const growths: number[] = [];
    for (const kind of Object.keys(askers)) {
      const costs: number[] = [];
      for (const size of SIZES) {
        const asking = Math.min(size, SAMPLE);
        const found = await withSite(size, async (server) => {
          await storm(server, kind, Math.min(100, asking), 50); // What is read and made once is not of interest here.
          return storm(server, kind, asking, 50);
        });
        costs.push(found.cost);
        rows.push(row(`${kind}, ${asking} ask`, size, found));
      }
      growths.push((costs.at(-1) ?? 0) / (costs[0] ?? 1));
    }
    const rate = Math.min(...storms.map(({ answers, seconds }) => answers / seconds));
    const late = Math.max(...storms.map(({ times }) => at(times, 0.99)));
    const memory = Math.max(...storms.map((found) => found.memory));
    const failed = storms.reduce((sum, { failed: count }) => sum + count, 0);
    const growth = Math.max(...growths);
    return {
      columns: [
        "what",
        "nodes in tables",
        "answers",
        "a second",
        "median",
        "99 %",
        "cost",
        "memory",
        "refused",
      ],
      rows,
      goals: [
        {
          wanted: "at least 1,000 answers a second, in either protocol",
          found: rate.toFixed(0),
          held: rate >= 1000,
        },
        { wanted: "99 % in under 1 s", found: formatMs(late), held: late < 1000 },
        {
          wanted: "under 300 MB",
          found: `${memory.toFixed(0)} MiB`,
          held: memory < 286,
        },
        { wanted: "none refused", found: String(failed), held: failed === 0 },
        {
          wanted: "an answer costs at most 3 times as much in tables 1,000 times as large",
          found: `${growths.map((times) => times.toFixed(2)).join(" and ")} times`,
          held: growth <= 3,
        },
      ],
    };
  },
};
export default benchmark;
