import { parseArgs } from "node:util";
import { messageOf } from "../../qemu/problem.ts";
import { becomeRoot } from "../../qemu/root.ts";
import { fuzz } from "./target.ts";
import { fuzzTargets } from "./targets.ts";

/** `npm run fuzz [-- NAME… --seed N --inputs N]`: feeds every target, or those named; the seed repeats a run. */

await becomeRoot().catch((error: unknown) => {
  console.error(`fuzz: ${messageOf(error)}`);
  process.exit(1);
});
const { values, positionals } = parseArgs({
  options: { seed: { type: "string" }, inputs: { type: "string" } },
  allowPositionals: true,
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const targets = await fuzzTargets();
const unknown = positionals.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0 || !Number.isInteger(seed)) {
  console.error(`no target ${unknown.join(", ")}; there are: ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
let failed = 0;
for (const target of targets) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  console.log(`${target.name}: ${target.about} Seed ${seed}.`);
  try {
    const { facts, inputs, seconds } = await fuzz(target, Number(values.inputs ?? target.inputs), seed);
    console.log(
      `ok   ${target.name}: ${inputs} inputs in ${seconds.toFixed(1)} s, ${Math.round(inputs / seconds)} a second`,
    );
    for (const fact of facts) console.log(`     ${fact}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${target.name}: ${messageOf(error)}`);
  }
}
process.exit(failed === 0 ? 0 : 1);
