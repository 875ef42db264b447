import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canBuildBridge } from "../bench/network.ts";
import { openLab } from "../lab.ts";
import { out } from "../paths.ts";
import { prepare } from "../prepare.ts";
import { messageOf } from "../problem.ts";
import { becomeRoot } from "../root.ts";
import { bootTwice } from "./boot-twice.ts";
import type { BootRecord } from "./documents.ts";
import { formatEntries, formatPhases, formatTable, formatVerdict } from "./print.ts";

/** `npm run demo`: one node boots twice, with its state kept in between; exit status 0 where all of it is as promised. */

async function demo(): Promise<boolean> {
  const started = performance.now();
  const prepared = await prepare();
  console.log(`built, or as it was, after ${since(started)} s; machines run on ${prepared.accelerator}`);
  const network = (await canBuildBridge()) ? "bridge" : "user";
  if (network === "user")
    console.log("no bridge can be made here: QEMU's user network it is, NFS version 4 only");
  await using lab = await openLab({ name: "demo", network, timed: true }, prepared);
  const { boots, claims } = await bootTwice(lab, console.log);
  const ok = claims.every((claim) => claim.held);
  const file = join(out, "demo", "report.json");
  mkdirSync(join(out, "demo"), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ok, claims, boots }, null, 2)}\n`);
  console.log(`\n${formatPhases(boots)}\n\n${formatEntries(boots[1].agent)}\n`);
  console.log(formatTable(memoryRows(boots)));
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
