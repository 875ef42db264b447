import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab.ts";
import type { Parameters } from "../parameters.ts";
import { type BootRecord, isAgentReport, isGuestFindings } from "./documents.ts";
import { type Claim, judge } from "./judge.ts";

/** Emulated, on a busy host. */
const BOOT_SECONDS = 180;

export interface TwoBoots {
  readonly boots: readonly [BootRecord, BootRecord];
  readonly claims: readonly Claim[];
}

/**
 * Boots n01 twice, with its state kept and the power cut in between, and judges what agent and guest reported.
 *
 * @param say gets a line for a person as things happen
 * @param change parameters to add, replace or (`undefined`) take away
 */
export async function bootTwice(
  lab: Lab,
  say: (line: string) => void,
  change: Parameters = {},
): Promise<TwoBoots> {
  // The state of a neighbour, which n01 must not see.
  mkdirSync(join(lab.state, "n02", "etc"), { recursive: true });
  const first = await bootOnce(lab, change, (line) => say(`boot 1: ${line}`));
  const second = await bootOnce(lab, change, (line) => say(`boot 2: ${line}`));
  const { address } = lab.server;
  const claims = judge(first, second, {
    node: "n01",
    state: `${address}:/lite/state/n01`,
    sources: [`${address}:/statelite/n01`, `${address}:/syncdirs/common`],
  });
  return { boots: [first, second], claims };
}

/** Waits for what the agent and the guest have to say, then cuts the power. */
async function bootOnce(lab: Lab, change: Parameters, say: (line: string) => void): Promise<BootRecord> {
  const started = performance.now();
  const since = () => ((performance.now() - started) / 1000).toFixed(1);
  const machine = lab.boot("n01", change);
  const init = await machine.console.waitFor(/\[ *(\d+\.\d+)\] Run \/init as init process/, BOOT_SECONDS);
  const agent = await machine.reports.waitFor(isAgentReport, BOOT_SECONDS);
  say(`the agent has handed over after ${since()} s`);
  const guest = await machine.reports.waitFor(isGuestFindings, BOOT_SECONDS);
  say(`the node is up and has reported after ${since()} s`);
  await machine.kill();
  return { initStarted: Number(init[1]) * 1000, agent, guest };
}
