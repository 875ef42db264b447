import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";

/** Who writes a file piece by piece (`tabdump TABLE > FILE`, an editor that saves in place) pauses no longer. */
export const stillMilliseconds = 1000;
/** Somebody who writes without an end holds nobody up for ever. */
export const longestMilliseconds = 10_000;
const stepMilliseconds = 100;

/**
 * Whether the last thing done to a file was to write into it; what was put in its place as a whole has been renamed, or
 * given its mode, since.
 */
export function isWrittenInPlace({ mtimeMs, ctimeMs }: Stats): boolean {
  return mtimeMs === ctimeMs;
}

/**
 * The text of a table's file, but not in the middle of its being written, as far as that shows: a line without its end
 * is waited for where the file has just been written.
 */
export async function readFinished(path: string): Promise<string> {
  let text = await readFile(path, "latin1");
  const end = performance.now() + longestMilliseconds;
  while (!text.endsWith("\n") && performance.now() < end && isFresh(await stat(path))) {
    await Bun.sleep(stepMilliseconds);
    text = await readFile(path, "latin1");
  }
  return text;
}

/** Waits until nobody has written into a file for a second: who replaced it before would lose him the rest. */
export async function untilStill(path: string): Promise<void> {
  const end = performance.now() + longestMilliseconds;
  for (;;) {
    const stats = await stat(path);
    if (!isWrittenInPlace(stats) || !isFresh(stats) || performance.now() > end) return;
    await Bun.sleep(stepMilliseconds);
  }
}

/** By the clock of this machine; where a file server has another one nothing is fresh. */
function isFresh({ mtimeMs }: Stats): boolean {
  // The clock says whole milliseconds, a file's time may be finer.
  const age = Date.now() - Math.floor(mtimeMs);
  return age >= 0 && age < stillMilliseconds;
}
