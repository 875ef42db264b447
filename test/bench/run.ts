import { join } from "node:path";
import { project } from "../../qemu/paths.ts";
import { messageOf } from "../../qemu/problem.ts";
import { becomeRoot } from "../../qemu/root.ts";
import type { Benchmark } from "./benchmark.ts";
import { formatResult, writeResult } from "./results.ts";

/** `npm run bench [-- NAME…]`: measures, prints tables, and writes them to test/bench/results.md. */

const RESULTS = join(import.meta.dirname, "results.md");

await becomeRoot().catch((error: unknown) => {
  console.error(`bench: ${messageOf(error)}`);
  process.exit(1);
});
const wanted = process.argv.slice(2);
const files = [...new Bun.Glob("test/bench/**/*.bench.ts").scanSync({ cwd: project })].sort();
for (const file of files) {
  const { default: benchmark }: { default: Benchmark } = await import(join(project, file));
  if (wanted.length > 0 && !wanted.includes(benchmark.name)) continue;
  console.log(`measuring ${benchmark.name}`);
  const part = formatResult(benchmark, await benchmark.run());
  console.log(`${part}\n`);
  writeResult(RESULTS, benchmark.name, part);
}
