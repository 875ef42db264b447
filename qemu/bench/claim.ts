import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../problem.ts";

/** Names the process that writes to a folder. */
const OWNER = "owner.pid";

/**
 * Empties a folder and makes it this process's own. Another bench of the same name that still runs in this checkout would
 * have its transcripts pulled away from under it: that is refused.
 */
export function claimFolder(folder: string): void {
  const owner = ownerOf(folder);
  if (owner !== undefined && owner !== process.pid && existsSync(`/proc/${owner}`)) {
    throw new BenchError({
      doing: "open a bench",
      on: folder,
      found: `process ${owner} runs a bench of that name`,
      remedy: "wait for it, or end it; in another checkout it would not be in the way",
    });
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, OWNER), `${process.pid}\n`);
}

function ownerOf(folder: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(folder, OWNER), "latin1"), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined; // Nobody has used it yet.
  }
}
