import { printable } from "../../agent/errors.ts";
import { alignColumns, type Cell } from "../../agent/text-table.ts";
import type { AgentReport, BootRecord } from "./documents.ts";
import type { Claim } from "./judge.ts";

/** Rows in columns; numbers are set to the right. The first row is the heading. */
export function formatTable(rows: readonly (readonly Cell[])[]): string {
  return alignColumns(rows).join("\n");
}

/** The phases of both boots, in milliseconds, side by side; from the start of /init to the exec of the real init. */
export function formatPhases(boots: readonly BootRecord[]): string {
  const names = boots[0]?.agent.phases.map((phase) => phase.name) ?? [];
  return formatTable([
    ["phase (ms)", ...boots.map((_, index) => `boot ${index + 1}`)],
    ["/init until the agent runs", ...boots.map(startUp)],
    ...names.map((name) => [name, ...boots.map((boot) => duration(boot, name))]),
    ["start of /init to exec of the real init", ...boots.map(whole)],
  ]);
}

/** The litefile entries of one boot: what asked for them, where they came from, how they were placed. */
export function formatEntries(agent: AgentReport): string {
  return formatTable([
    ["path", "options", "from", "placed"],
    ...agent.entries.map((entry) => [entry.path, entry.options, entry.winners.join(" + "), entry.placement]),
  ]);
}

/** What was checked; those that hold in short, those that do not with what was found instead. */
export function formatVerdict(claims: readonly Claim[]): string {
  const broken = claims.filter((claim) => !claim.held);
  if (broken.length === 0) return `All ${claims.length} checks held.`;
  const lines = broken.map(
    ({ claim, found }) => `  ${printable(claim)}: found ${printable(found.slice(0, 400))}`,
  );
  return `${broken.length} of ${claims.length} checks did not hold:\n${lines.join("\n")}`;
}

function startUp({ initStarted, agent }: BootRecord): number {
  return Math.round((agent.phases[0]?.start ?? Number.NaN) - initStarted);
}

function duration({ agent }: BootRecord, name: string): number {
  const phase = agent.phases.find((candidate) => candidate.name === name);
  return Math.round((phase?.end ?? Number.NaN) - (phase?.start ?? Number.NaN));
}

function whole({ initStarted, agent }: BootRecord): number {
  return Math.round((agent.phases.at(-1)?.end ?? Number.NaN) - initStarted);
}
