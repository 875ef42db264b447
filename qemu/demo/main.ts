import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, openLab } from "../lab.ts";
import { out } from "../paths.ts";
import { prepare } from "../prepare.ts";
import { messageOf } from "../problem.ts";
import { becomeRoot } from "../root.ts";
import { type BootRecord, isAgentReport, isGuestFindings } from "./documents.ts";
import { judge } from "./judge.ts";
import { formatEntries, formatPhases, formatTable, formatVerdict } from "./print.ts";

/** `npm run demo`: one node boots twice, with its state kept in between; exit status 0 where all of it is as promised. */

/** Emulated, on a busy host. */
const BOOT_SECONDS = 180;

/** Boots the node, waits for what the agent and the guest have to say, and cuts the power. */
async function bootOnce(lab: Lab, number: number): Promise<BootRecord> {
  const started = performance.now();
  const machine = lab.boot("n01");
  const agent = await machine.reports.waitFor(isAgentReport, BOOT_SECONDS);
  console.log(`boot ${number}: the agent has handed over after ${since(started)} s`);
  const guest = await machine.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  console.log(`boot ${number}: the node is up and has reported after ${since(started)} s`);
  await machine.kill();
  return { agent, guest };
}

async function demo(): Promise<boolean> {
  const started = performance.now();
  const prepared = await prepare();
  console.log(`built, or as it was, after ${since(started)} s; machines run on ${prepared.accelerator}`);
  await using lab = await openLab({ name: "demo" }, prepared);
  // The state of a neighbour, which n01 must not see.
  mkdirSync(join(lab.state, "n02", "etc"), { recursive: true });
  const first = await bootOnce(lab, 1);
  const second = await bootOnce(lab, 2);
  const server = "10.0.0.1";
  const claims = judge(first, second, {
    node: "n01",
    state: `${server}:/lite/state/n01`,
    sources: [`${server}:/statelite/n01`, `${server}:/syncdirs/common`],
  });
  const ok = claims.every((claim) => claim.held);
  const file = join(out, "demo", "report.json");
  mkdirSync(join(out, "demo"), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ok, claims, boots: [first, second] }, null, 2)}\n`);
  console.log(`\n${formatPhases([first, second])}\n\n${formatEntries(second.agent)}\n`);
  console.log(formatTable(memoryRows([first, second])));
  console.log(`\n${formatVerdict(claims)}`);
  console.log(`${since(started)} s in all; more in ${file}, the consoles in ${lab.directory}`);
  return ok;
}

function memoryRows(boots: readonly BootRecord[]): (string | number)[][] {
  return [
    [
      "copied",
      ...boots.map(({ agent }) => `${agent.totals.files} files, ${kilobytes(agent.totals.bytes)} kB`),
    ],
    ["the agent's peak memory", ...boots.map(({ agent }) => `${kilobytes(agent.totals.peakMemory ?? 0)} kB`)],
  ];
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 1024);
}

function since(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

try {
  await becomeRoot();
  const ok = await demo();
  process.exit(ok ? 0 : 1);
} catch (error) {
  console.error(`demo: ${messageOf(error)}`);
  process.exit(1);
}
