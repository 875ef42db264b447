import { join } from "node:path";
import { project } from "../../qemu/paths.ts";
import type { FuzzTarget } from "./target.ts";

/** Every target, by name. */
export async function fuzzTargets(): Promise<readonly FuzzTarget[]> {
  const files = [...new Bun.Glob("test/fuzz/**/*.fuzz.ts").scanSync({ cwd: project })].sort();
  return Promise.all(
    files.map(async (file) => {
      const { default: target }: { default: FuzzTarget } = await import(join(project, file));
      return target;
    }),
  );
}
