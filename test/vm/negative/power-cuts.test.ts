import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { MERGE_NAME, SEED_PREFIX } from "../../../agent/plan/kept.ts";
import { EXPORTS, type Lab } from "../../../qemu/lab.ts";
import type { Machine } from "../../../qemu/machine/machine.ts";
import { project } from "../../../qemu/paths.ts";
import { recordFault } from "../../faults/record.ts";
import { inventory, lost } from "../../faults/state.ts";
import { BOOT_SECONDS, isAgentReport, openLab, POWER_OFF } from "../lab-note.ts";

const CUTS = 20;

/** Files of one persistent directory: enough that cuts fall into the middle of its seeding. */
const FILES = 120;

/** What is seeded, and from where on this host; by its place in the state. */
const SEEDED = "srv/db";

/**
 * Two nodes side by side, each cut ten times at a random moment between the mount of its state and two seconds into its
 * real init, each time in a first boot with an empty state.
 */
test(`${CUTS} power cuts in first boots: nothing torn is left, and the next boot is as if nothing had been`, async () => {
  await using lab = await openLab({ name: "power-cuts", nodes: 2 });
  // Each node has a source of its own in the demo's tables; this one is empty.
  mkdirSync(join(lab.sources.node, "n02"));
  writeDatabase(join(lab.sources.common, SEEDED));
  const seed = Number(process.env["STATELITE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}: STATELITE_SEED=${seed} repeats these moments`);
  const started = performance.now();
  const moments = await windowOf(lab);
  const found = await Promise.all(
    ["n01", "n02"].map(async (node, which) => {
      const cuts: string[] = [];
      for (let cut = which; cut < CUTS; cut += 2) {
        // One in each of as many equal parts, so that none is left out.
        const at = ((cut + random(seed, cut)) / CUTS) * moments;
        cuts.push(await cutAndBoot(lab, node, at));
      }
      return cuts;
    }),
  );
  const torn = found.flat().filter((text) => text !== "");
  expect(torn).toEqual([]);
  recordFault({
    fault: `the power is cut at ${CUTS} random moments of first boots`,
    test: relative(project, import.meta.path),
    said: `each second boot without a problem (cuts spread over ${(moments / 1000).toFixed(1)} s)`,
    outcome: "boots",
    seconds: (performance.now() - started) / 1000,
    state: `intact ${CUTS - torn.length} of ${CUTS} times`,
  });
}, 1_400_000);

/** From the first line of the agent to two seconds into the real init, of one boot that is let be; milliseconds. */
async function windowOf(lab: Lab): Promise<number> {
  const node = lab.boot("n01", POWER_OFF);
  await node.console.waitFor(BEGUN, BOOT_SECONDS);
  const begun = performance.now();
  await handedOver(node);
  await node.kill();
  return performance.now() - begun + 2000;
}

const BEGUN = /1\/8 cmdline/;

/** @returns what was lost or torn; empty where nothing was */
async function cutAndBoot(lab: Lab, node: string, at: number): Promise<string> {
  // A directory of its own: the server still knows what was removed behind its back.
  const own = `${node}-${Math.round(at)}`;
  const state = join(lab.state, own, node);
  mkdirSync(join(lab.state, own));
  const parameters = { ...POWER_OFF, STATEMNT: `10.0.0.1:${EXPORTS.state}/${own}` };
  const first = lab.boot(node, parameters);
  await first.console.waitFor(BEGUN, BOOT_SECONDS);
  await Bun.sleep(at);
  await first.kill();
  const source = join(lab.sources.common, SEEDED);
  const left = join(state, SEEDED);
  const after = (when: string, problems: readonly string[]) =>
    problems.length === 0 ? "" : `${node} cut after ${Math.round(at)} ms, ${when}: ${problems.join(", ")}`;
  if (await isThere(left)) {
    const torn = after("what is left", lost(inventory(source), inventory(left)));
    if (torn !== "") return torn;
  }
  const before = (await isThere(state)) ? keptOf(state) : new Map<string, string>();
  const second = lab.boot(node, parameters);
  await handedOver(second);
  await second.kill();
  return after("after the next boot", [
    ...lost(inventory(source), inventory(left)),
    ...lost(before, inventory(state)),
    ...[...inventory(state).keys()].filter((path) => isUnfinished(path)),
  ]);
}

/** Waits until the agent has started the real init, without a problem. */
async function handedOver(node: Machine): Promise<void> {
  const report = await node.reports.waitFor(isAgentReport, BOOT_SECONDS);
  const problems = report.problems.filter((problem) => problem.class !== "note");
  expect({ ok: report.ok, problems }).toEqual({ ok: true, problems: [] });
}

/** What a first boot has finished, under its final names. */
function keptOf(state: string) {
  const all = inventory(state);
  return new Map([...all].filter(([path]) => !path.startsWith(".statelite") && !isUnfinished(path)));
}

/** What a boot was making: the next one removes it. */
function isUnfinished(path: string): boolean {
  return path.includes(SEED_PREFIX) || path.includes(MERGE_NAME);
}

async function isThere(path: string): Promise<boolean> {
  return await Bun.file(path)
    .stat()
    .then(() => true)
    .catch(() => false);
}

function writeDatabase(directory: string): void {
  for (let n = 0; n < FILES; n++) {
    const folder = join(directory, `table${n % 6}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `page${n}`), Buffer.alloc(1000 + 700 * n, `page ${n} `));
  }
}

/** [0, 1), the same for the same arguments. */
function random(seed: number, index: number): number {
  return Number(Bun.hash(`${seed} ${index}`) % 1_000_003n) / 1_000_003;
}
