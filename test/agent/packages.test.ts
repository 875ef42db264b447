import { expect, test } from "bun:test";
import { join } from "node:path";

/** The agent is loaded from the network by every node: no package comes in unnoticed, zod's schemas are types to it. */
test("the agent holds no package but the small one that checks invariants", async () => {
  const project = join(import.meta.dirname, "../..");
  const entrypoints = ["agent/main.ts", "agent/kernel/worker.ts"].map((path) => join(project, path));
  const { outputs } = await Bun.build({ entrypoints, target: "bun" });
  const texts = await Promise.all(outputs.map((output) => output.text()));
  // The bundler puts each file's path before it.
  const paths = texts.flatMap((text) =>
    [...text.matchAll(/^\/\/ (\S+\.[cm]?[jt]s)$/gm)].map((found) => found[1] ?? ""),
  );
  expect(paths.filter((path) => path.includes("agent/")).length).toBeGreaterThan(100);
  const packages = paths.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  expect([...new Set(packages)]).toEqual(["tiny-invariant"]);
});
