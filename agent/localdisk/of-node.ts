import type { BootContext } from "../context.ts";
import { BootError } from "../errors.ts";
import { linuxModules, loadModules } from "../kernel/modules.ts";
import type { Rooted } from "../state.ts";
import { setUpLocalDisk } from "./local-disk.ts";

/**
 * Where the local disk of a node is mounted inside its root, once it is; nothing where none is asked for. What is
 * wrong with it ends the boot as a row that needs it would (semantics section 9), but for `statelite.strict=0`.
 *
 * @param getPartition the lines of the partition file, from the server
 * @throws BootError
 */
export async function localDiskOf(
  { options, node, root, localDisk }: Rooted,
  { log, report, threads }: BootContext,
  getPartition: () => Promise<readonly string[]>,
): Promise<string | undefined> {
  if (localDisk !== undefined || !options.partition) return localDisk;
  const { calls } = threads;
  const modules = linuxModules(calls.insertModule);
  try {
    const replies = await getPartition();
    const request = { replies, ...(node !== undefined && { node }) };
    return await setUpLocalDisk(request, {
      ...{ root, calls, log },
      loadModules: async (names) => {
        // A kernel may have the file system without a module; where it has not, the mount says so.
        await loadModules(names, modules).catch(() => undefined);
      },
    });
  } catch (error) {
    if (!(error instanceof BootError) || options.settings.strict !== "none") throw error;
    const problems = error.problems.map((problem) => ({ ...problem, class: "note" as const }));
    for (const problem of problems) log.problem(problem);
    report.problem(...problems);
    return undefined;
  }
}
